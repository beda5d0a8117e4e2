//! What is sent along with each request: the key, extra headers, cookies.
//!
//! No value of a key or a header is ever put in a message.

use alloc::rc::Rc;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::failure::Failure;
use crate::text::concat;

use super::arguments::JsArguments;
use super::json::JsJson;
use super::task::{Callback, Source, Task};
use super::thrown::name_of;

#[wasm_bindgen(module = "/src/js/headers.js")]
extern "C" {
    #[wasm_bindgen(js_name = headerValue)]
    fn header_value(value: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = headerFields)]
    fn header_fields(value: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = makeHeaders)]
    fn make_headers(accept: &str, fields: &JsValue, version: &JsValue, api_key: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/sources.js")]
extern "C" {
    fn ask(provide: &JsValue, tell: &JsValue) -> Callback;
}

/// What a client sends along.
pub struct Credentials {
    pub cookies: bool,
    api_key: Option<Provided>,
    headers: Option<Provided>,
    version: Option<Provided>,
}

impl Credentials {
    /// Reads them from the client's configuration.
    pub fn read(config: &JsArguments, errors: &mut Vec<FieldError>) -> Self {
        let mut read = |kind, value| Provided::read(kind, value, errors);
        let api_key = read(&API_KEY, config.value(API_KEY.field));
        let headers = read(&HEADERS, config.value(HEADERS.field));
        let version = read(&VERSION, config.value(VERSION.field));
        let cookies = config.flag("useCookieAuth", errors);
        // Cookies say who it is: no key besides.
        Self { cookies, api_key: api_key.filter(|_| !cookies), headers, version }
    }

    /// Whether they take headers of our own, which EventSource cannot send.
    pub fn need_headers(&self) -> bool {
        self.are_secret() || self.version.is_some()
    }

    /// Whether a redirect must not see them.
    pub fn are_secret(&self) -> bool {
        self.api_key.is_some() || self.headers.is_some()
    }

    /// The headers of the next request; functions are asked anew.
    pub async fn headers(&self, task: &Rc<Task>, accept: &str) -> Result<JsValue, Failure<JsJson>> {
        let fields = get(task, self.headers.as_ref()).await?;
        let version = get(task, self.version.as_ref()).await?;
        let api_key = get(task, self.api_key.as_ref()).await?;
        Ok(make_headers(accept, &fields, &version, &api_key))
    }
}

/// What a field may hold, besides a function that gives it.
struct Kind {
    field: &'static str,
    rule: &'static str,
    /// The value, ready to be sent; undefined, if it cannot be.
    read: fn(&JsValue) -> JsValue,
    may_be_asked: bool,
}

const VALUE_RULE: &str = "a string that can be sent as an HTTP header";
const API_KEY: Kind = Kind { field: "apiKey", rule: VALUE_RULE, read: header_value, may_be_asked: true };
const VERSION: Kind = Kind { field: "version", rule: VALUE_RULE, read: header_value, may_be_asked: false };
const HEADERS: Kind = Kind {
    field: "headers",
    rule: "an object of strings that can be sent as HTTP headers",
    read: header_fields,
    may_be_asked: true,
};

/// Something that the caller has given, or a function that is asked for it each time.
struct Provided {
    kind: &'static Kind,
    value: JsValue,
}

impl Provided {
    fn read(kind: &'static Kind, given: JsValue, errors: &mut Vec<FieldError>) -> Option<Self> {
        if given.is_undefined() {
            return None;
        }
        let value = if kind.may_be_asked && given.is_function() { given } else { (kind.read)(&given) };
        if value.is_undefined() {
            let or = if kind.may_be_asked { ", or a function that gives one" } else { "" };
            errors.push(FieldError { field: kind.field, message: concat(&["must be ", kind.rule, or]) });
        }
        Some(Self { kind, value })
    }
}

async fn get(task: &Rc<Task>, provided: Option<&Provided>) -> Result<JsValue, Failure<JsJson>> {
    let Some(Provided { kind: Kind { field, rule, read, .. }, value }) = provided else {
        return Ok(JsValue::UNDEFINED);
    };
    if !value.is_function() {
        return Ok(value.clone());
    }
    // Its message may quote the value that it stumbled over: the name has to do.
    let given = Source::start(task, |tell| ask(value, tell))
        .settled()
        .await
        .map_err(|error| Failure::Broken(concat(&["the function ", field, " has failed with ", &name_of(&error)])))?;
    let given = read(&given);
    if given.is_undefined() {
        let message = ["the function ", field, " must give ", rule, ", and has given something else"];
        return Err(Failure::Broken(concat(&message)));
    }
    Ok(given)
}

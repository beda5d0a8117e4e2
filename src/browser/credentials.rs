//! What is sent along with each request: the key, extra headers, cookies.
//!
//! No value of a key or a header is ever put in a message.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Headers;

use crate::error::FieldError;
use crate::failure::Failure;

use super::arguments::JsArguments;
use super::json::JsJson;
use super::thrown::name_of;

#[wasm_bindgen(module = "/src/js/headers.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeHeaders)]
    fn make_headers(value: &JsValue) -> Option<Headers>;

    /// A promise of what the function gives, however it gives it.
    fn ask(function: &Function) -> Promise;
}

const VALUE_RULE: &str = "a string that can be sent as an HTTP header";
const HEADERS_RULE: &str = "an object of strings that can be sent as HTTP headers";

/// What a client sends along.
pub struct Credentials {
    pub cookies: bool,
    api_key: Option<Provided<String>>,
    headers: Option<Provided<Headers>>,
    version: Option<String>,
}

impl Credentials {
    /// Reads them from the client's configuration.
    pub fn read(config: &JsArguments) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let api_key = Provided::read(config, "apiKey", VALUE_RULE, header_value).unwrap_or_else(|bad| {
            errors.push(bad);
            None
        });
        let headers = Provided::read(config, "headers", HEADERS_RULE, make_headers).unwrap_or_else(|bad| {
            errors.push(bad);
            None
        });
        let version = config.value("version");
        if !version.is_undefined() && header_value(&version).is_none() {
            errors.push(FieldError { field: "version", message: format!("must be {VALUE_RULE}") });
        }
        let cookies = config.flag("useCookieAuth").map_err(|bad| errors.extend(bad)).unwrap_or_default();
        if !errors.is_empty() {
            return Err(errors);
        }
        // Cookies say who it is: no key besides.
        Ok(Self { cookies, api_key: api_key.filter(|_| !cookies), headers, version: version.as_string() })
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
    pub async fn headers(&self) -> Result<Headers, Failure<JsJson>> {
        let broken = |_| Failure::Broken("the headers cannot be set".into());
        let headers = match &self.headers {
            Some(provided) => Headers::new_with_headers(&provided.get().await?),
            None => Headers::new(),
        }
        .map_err(broken)?;
        if let Some(version) = &self.version {
            headers.set("X-Phala-Version", version).map_err(broken)?;
        }
        if let Some(provided) = &self.api_key {
            headers.set("X-API-Key", &provided.get().await?).map_err(broken)?;
        }
        Ok(headers)
    }
}

/// Something that the caller has given, or a function that is asked for it each time.
struct Provided<T> {
    field: &'static str,
    rule: &'static str,
    read: fn(&JsValue) -> Option<T>,
    source: Source<T>,
}

enum Source<T> {
    Fixed(T),
    Asked(Function),
}

impl<T: Clone> Provided<T> {
    fn read(
        config: &JsArguments,
        field: &'static str,
        rule: &'static str,
        read: fn(&JsValue) -> Option<T>,
    ) -> Result<Option<Self>, FieldError> {
        let value = config.value(field);
        if value.is_undefined() {
            return Ok(None);
        }
        let source = match value.dyn_into() {
            Ok(function) => Source::Asked(function),
            Err(value) => {
                let message = || format!("must be {rule}, or a function that gives one");
                Source::Fixed(read(&value).ok_or_else(|| FieldError { field, message: message() })?)
            }
        };
        Ok(Some(Self { field, rule, read, source }))
    }

    async fn get(&self) -> Result<T, Failure<JsJson>> {
        let Self { field, rule, read, source } = self;
        let function = match source {
            Source::Fixed(value) => return Ok(value.clone()),
            Source::Asked(function) => function,
        };
        // Its message may quote the value that it stumbled over: the name has to do.
        let given = JsFuture::from(ask(function))
            .await
            .map_err(|error| Failure::Broken(format!("the function {field} has failed with {}", name_of(&error))))?;
        let nonsense = || format!("the function {field} must give {rule}, and has given something else");
        read(&given).ok_or_else(|| Failure::Broken(nonsense()))
    }
}

/// A header's value (RFC 9110, 5.5), in characters that JavaScript's byte strings hold.
fn header_value(value: &JsValue) -> Option<String> {
    let sendable = |char| char == '\t' || (' '..='\u{ff}').contains(&char) && char != '\u{7f}';
    value.as_string().filter(|text| !text.trim().is_empty() && text.chars().all(sendable))
}

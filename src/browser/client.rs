//! How to reach the API: what `createClient` was given, checked.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::Arguments as _;
use crate::text::concat;

use super::arguments::JsArguments;
use super::credentials::Credentials;

#[wasm_bindgen(module = "/src/js/url.js")]
extern "C" {
    #[wasm_bindgen(js_name = resolveBase)]
    fn resolve_base(value: &JsValue) -> Option<String>;
    #[wasm_bindgen(js_name = showBase)]
    fn show_base(value: &JsValue) -> String;
}

#[wasm_bindgen(module = "/src/js/event_source.js")]
extern "C" {
    #[wasm_bindgen(js_name = hasEventSource)]
    fn has_event_source(is_wanted: bool) -> bool;
}

const BASE_URL: &str = "https://cloud-api.phala.com/api/v1";

/// A client's configuration.
pub struct Client {
    /// Absolute, and without a slash at its end.
    pub base_url: String,
    pub transport: Transport,
    pub credentials: Credentials,
}

/// What carries the event stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    EventSource,
    Fetch,
}

impl Client {
    /// Reads the configuration that `createClient` was given; `undefined` comes from a client of another make. Bad fields
    /// go to `errors`, and then it is of no use.
    pub fn read(config: JsValue, errors: &mut Vec<FieldError>) -> Self {
        if config.is_undefined() {
            refuse(errors, "client", "must be a client that createClient has made");
        }
        let config = JsArguments::optional("config", config, errors);
        let base_url = base_url(&config.value("baseURL"), errors);
        let credentials = Credentials::read(&config, errors);
        let transport = transport(&config, &credentials, errors);
        Self { base_url, transport, credentials }
    }
}

fn refuse(errors: &mut Vec<FieldError>, field: &'static str, message: &str) {
    errors.push(FieldError { field, message: message.into() });
}

/// An absolute address without a slash at its end, from an absolute one or one relative to the page.
fn base_url(value: &JsValue, errors: &mut Vec<FieldError>) -> String {
    if value.is_undefined() {
        return BASE_URL.into();
    }
    resolve_base(value).unwrap_or_else(|| {
        let rule =
            "must be an http(s) URL, or a path relative to the page, without user name, query and fragment, but is ";
        refuse(errors, "baseURL", &concat(&[rule, &show_base(value)]));
        String::new()
    })
}

/// The transport that the configuration names, or the best there is: the browser's own EventSource, unless headers are
/// needed or there is none that is sound.
fn transport(config: &JsArguments, credentials: &Credentials, errors: &mut Vec<FieldError>) -> Transport {
    let field = "transport";
    let value = config.value(field);
    match value.as_string().as_deref() {
        Some("eventsource") => {
            if credentials.need_headers() {
                let message = "must not be \"eventsource\" with apiKey, headers or version: it sends no header";
                refuse(errors, field, message);
            }
            if !has_event_source(true) {
                refuse(errors, field, "must not be \"eventsource\": there is no EventSource here");
            }
            return Transport::EventSource;
        }
        Some("fetch") => return Transport::Fetch,
        Some("auto") => {}
        _ if value.is_undefined() => {}
        _ => errors.push(config.refuse(field, "\"auto\", \"eventsource\" or \"fetch\"")),
    }
    if credentials.need_headers() || !has_event_source(false) { Transport::Fetch } else { Transport::EventSource }
}

//! How to reach the API: what `createClient` was given, checked.

use js_sys::{Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::Url;

use crate::error::FieldError;
use crate::request::Arguments as _;

use super::arguments::{JsArguments, show};
use super::credentials::Credentials;

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
    /// Reads the configuration that `createClient` was given; `undefined` comes from a client of another make.
    ///
    /// # Errors
    /// Every bad field.
    pub fn read(config: JsValue) -> Result<Self, Vec<FieldError>> {
        if config.is_undefined() {
            return Err(refuse("client", "must be a client that createClient has made"));
        }
        let config = JsArguments::required("config", config)?;
        match (base_url(&config), Credentials::read(&config), transport(&config)) {
            (Ok(base_url), Ok(credentials), Ok(chosen)) => {
                let transport = chosen.map_or_else(|| Ok(best(&credentials)), |chosen| check(chosen, &credentials))?;
                Ok(Self { base_url, transport, credentials })
            }
            (base_url, credentials, transport) => {
                Err([base_url.err(), credentials.err(), transport.err()].into_iter().flatten().flatten().collect())
            }
        }
    }
}

fn refuse(field: &'static str, message: &str) -> Vec<FieldError> {
    vec![FieldError { field, message: message.into() }]
}

/// An absolute address without a slash at its end, from an absolute one or one relative to the page.
fn base_url(config: &JsArguments) -> Result<String, Vec<FieldError>> {
    let value = config.value("baseURL");
    let text = if value.is_undefined() { Some(BASE_URL.into()) } else { value.as_string() };
    let url = text.as_deref().filter(|text| !text.is_empty()).and_then(|text| resolve(text).ok());
    let fits = |url: &Url| {
        matches!(url.protocol().as_str(), "http:" | "https:")
            && [url.username(), url.password(), url.search(), url.hash()].iter().all(String::is_empty)
    };
    let base = url.filter(fits).map(|url| format!("{}{}", url.origin(), url.pathname().trim_end_matches('/')));
    base.ok_or_else(|| {
        let rule = "an http(s) URL, or a path relative to the page, without user name, query and fragment";
        refuse("baseURL", &format!("must be {rule}, but is {}", show(&without_secrets(text, value))))
    })
}

/// What may be shown of a base URL: nothing where a password, a token or a key may stand.
fn without_secrets(text: Option<String>, value: JsValue) -> JsValue {
    let Some(text) = text else { return value };
    let shown = if text.contains('@') { "…" } else { text.split_inclusive(['?', '#']).next().unwrap_or_default() };
    shown.into()
}

/// Resolves an address against the page's (or the worker's); without a page only an absolute one will do.
fn resolve(url: &str) -> Result<Url, JsValue> {
    let document = Reflect::get(&global(), &"document".into())?;
    let page = Reflect::get(&document, &"baseURI".into())
        .or_else(|_| Reflect::get(&Reflect::get(&global(), &"location".into())?, &"href".into()));
    match page.ok().and_then(|page| page.as_string()) {
        Some(page) => Url::new_with_base(url, &page),
        None => Url::new(url),
    }
}

/// The transport that the configuration names; `None` for the best there is.
fn transport(config: &JsArguments) -> Result<Option<Transport>, Vec<FieldError>> {
    let field = "transport";
    let value = config.value(field);
    match value.as_string().as_deref() {
        None if value.is_undefined() => Ok(None),
        Some("auto") => Ok(None),
        Some("eventsource") => Ok(Some(Transport::EventSource)),
        Some("fetch") => Ok(Some(Transport::Fetch)),
        _ => Err(vec![config.refuse(field, "\"auto\", \"eventsource\" or \"fetch\"")]),
    }
}

/// The browser's own EventSource, unless headers are needed or there is none.
fn best(credentials: &Credentials) -> Transport {
    match check(Transport::EventSource, credentials) {
        Ok(transport) if !is_workerds() => transport,
        _ => Transport::Fetch,
    }
}

/// Whether the EventSource here is workerd's, which no browser's standard tests have seen: it loses characters that are
/// split across chunks. It is known by a static method of its own.
fn is_workerds() -> bool {
    let event_source = Reflect::get(&global(), &"EventSource".into()).unwrap_or_default();
    Reflect::has(&event_source, &"from".into()) == Ok(true)
}

fn check(transport: Transport, credentials: &Credentials) -> Result<Transport, Vec<FieldError>> {
    let field = "transport";
    if transport == Transport::EventSource && credentials.need_headers() {
        return Err(refuse(field, "must not be \"eventsource\" with apiKey, headers or version: it sends no header"));
    }
    if transport == Transport::EventSource && Reflect::has(&global(), &"EventSource".into()) != Ok(true) {
        return Err(refuse(field, "must not be \"eventsource\": there is no EventSource here"));
    }
    Ok(transport)
}

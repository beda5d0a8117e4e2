//! How to reach the API, and one CVM's state endpoint there.

use std::time::Duration;

use js_sys::{Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::Url;

use crate::api::Api;
use crate::error::{Failure, FieldError};
use crate::request::{Arguments as _, WatchRequest};

use super::arguments::JsArguments;
use super::event_source::EventSourceStream;
use super::json::JsJson;
use super::{fetch, timer};

const BASE_URL: &str = "https://cloud-api.phala.com/api/v1";

/// What `createClient` was given, checked.
pub struct Client {
    /// Absolute, and without a slash at its end.
    base_url: String,
    use_cookie_auth: bool,
}

impl Client {
    /// Reads the configuration that `createClient` was given; `undefined` comes from a client of another make.
    pub fn read(config: JsValue) -> Result<Self, Vec<FieldError>> {
        if config.is_undefined() {
            let message = "must be a client that createClient has made".into();
            return Err(vec![FieldError { field: "client", message }]);
        }
        let config = JsArguments::required("config", config).map_err(|error| vec![error])?;
        match (base_url(&config), config.flag("useCookieAuth"), transport(&config)) {
            (Ok(base_url), Ok(use_cookie_auth), Ok(())) => Ok(Self { base_url, use_cookie_auth }),
            (base_url, use_cookie_auth, transport) => {
                Err([base_url.err(), use_cookie_auth.err(), transport.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// An absolute address without a slash at its end, from an absolute one or one relative to the page.
fn base_url(config: &JsArguments) -> Result<String, FieldError> {
    let value = config.value("baseURL");
    let refuse = |rule| Err(config.refuse("baseURL", rule));
    let text = if value.is_undefined() { Some(BASE_URL.into()) } else { value.as_string() };
    let rule = "an http(s) URL, or a path relative to the page";
    let Some(Ok(url)) = text.filter(|text| !text.is_empty()).map(|text| resolve(&text)) else { return refuse(rule) };
    if !matches!(url.protocol().as_str(), "http:" | "https:") {
        return refuse(rule);
    }
    if !(url.username().is_empty() && url.password().is_empty()) {
        // Not shown: what stands there is a secret.
        let message = "must hold no user name and no password".into();
        return Err(FieldError { field: "baseURL", message });
    }
    if !(url.search().is_empty() && url.hash().is_empty()) {
        return refuse("without a query and a fragment");
    }
    Ok(format!("{}{}", url.origin(), url.pathname().trim_end_matches('/')))
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

fn transport(config: &JsArguments) -> Result<(), FieldError> {
    let value = config.value("transport");
    let known = matches!(value.as_string().as_deref(), Some("auto" | "eventsource"));
    if !(value.is_undefined() || known) {
        return Err(config.refuse("transport", "\"auto\" or \"eventsource\""));
    }
    if Reflect::has(&global(), &"EventSource".into()) != Ok(true) {
        let message = "needs an EventSource, which there is none of here".into();
        return Err(FieldError { field: "transport", message });
    }
    Ok(())
}

/// One CVM's state endpoint.
pub struct Endpoint {
    stream_url: String,
    read_url: String,
    with_credentials: bool,
}

impl Endpoint {
    pub fn new(client: &Client, request: &WatchRequest) -> Self {
        Self {
            stream_url: format!("{}/{}", client.base_url, request.stream_path()),
            read_url: format!("{}/{}", client.base_url, request.id.state_path()),
            with_credentials: client.use_cookie_auth,
        }
    }
}

impl Api for Endpoint {
    type Json = JsJson;
    type Stream = EventSourceStream;

    async fn open(&self) -> Result<EventSourceStream, Failure<JsJson>> {
        EventSourceStream::open(&self.stream_url, self.with_credentials)
    }

    async fn read(&self) -> Result<JsJson, Failure<JsJson>> {
        fetch::read(&self.read_url, self.with_credentials).await
    }

    async fn sleep(&self, duration: Duration) {
        timer::sleep(duration).await;
    }
}

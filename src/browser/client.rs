//! How to reach the API: what `createClient` was given, checked.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::Check;

use super::arguments::JsArguments;
use super::base_url;
use super::credentials::Credentials;
use super::event_source;
use super::value::global;

/// A client's configuration.
pub struct Client {
    /// Absolute, and without a slash at its end.
    pub base_url: String,
    pub transport: Transport,
    /// How many streams may be open towards the origin before a watch opens one.
    pub max_streams: usize,
    pub credentials: Credentials,
    fetch: JsValue,
}

/// How many streams may be open. The API allows five for each user, and one may be another page's.
const MAX_STREAMS: u32 = 4;

/// What carries the event stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    EventSource,
    Fetch,
    /// No stream, only reads.
    Poll,
}

impl Client {
    /// Reads the configuration that `createClient` was given. `undefined` comes from a client that was created by a
    /// different copy of the package.
    pub fn read(config: &JsValue, errors: &mut Vec<FieldError>) -> Self {
        let before = errors.len();
        let config = if config.is_undefined() {
            let message = "must be a client that createClient of this copy of the package has made".into();
            errors.push(FieldError { field: "client", message });
            None
        } else {
            JsArguments::required("config", config.clone(), errors)
        };
        let mut check = Check { arguments: &config.unwrap_or_default(), errors };
        let base_url = base_url::read(&mut check);
        let credentials = Credentials::read(&mut check);
        let fetch = check.js_function("fetch");
        let wanted = transport(&mut check);
        let max_streams = check.count("maxStreams", Some(MAX_STREAMS)).map_or(usize::MAX, |count| count as usize);
        let problem = no_event_source(&credentials);
        if let (Some(Transport::EventSource), Some(problem), true) = (wanted, problem, errors.len() == before) {
            errors.push(FieldError { field: "transport", message: format!("must not be \"eventsource\" {problem}") });
        }
        // The browser's own EventSource, unless headers are needed, `fetch` is given, or there is no EventSource that
        // works.
        let can_be_event_source = problem.is_none() && fetch.is_undefined() && !event_source::is_workerds();
        let best = if can_be_event_source { Transport::EventSource } else { Transport::Fetch };
        Self { base_url, transport: wanted.unwrap_or(best), max_streams, credentials, fetch }
    }

    /// The function that sends requests. The global one is looked up each time, since tests and pages replace it.
    pub fn fetch(&self) -> Function {
        if self.fetch.is_undefined() { global("fetch") } else { self.fetch.clone() }.unchecked_into()
    }
}

/// The transport that the configuration names; `None` for the best there is.
fn transport(check: &mut Check<'_, JsArguments>) -> Option<Transport> {
    let value = check.arguments.value("transport");
    match value.as_string().as_deref() {
        None if value.is_undefined() => return None,
        Some("auto") => return None,
        Some("eventsource") => return Some(Transport::EventSource),
        Some("fetch") => return Some(Transport::Fetch),
        Some("poll") => return Some(Transport::Poll),
        _ => check.refuse("transport", "\"auto\", \"eventsource\", \"fetch\" or \"poll\""),
    }
    None
}

/// Why EventSource cannot be used, in words that follow "must not be".
fn no_event_source(credentials: &Credentials) -> Option<&'static str> {
    if credentials.need_headers() {
        return Some("with apiKey, headers or version: it sends no header");
    }
    (!event_source::is_there()).then_some("here: there is no EventSource")
}

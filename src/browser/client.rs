//! How to reach the API: what `createClient` was given, checked.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::{Arguments as _, Given};

use super::arguments::JsArguments;
use super::base_url;
use super::call::Errors;
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
    fetch: Option<Function>,
}

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
    /// different copy of the package. Bad fields are added to the errors.
    pub fn read(config: &JsValue, errors: &mut Vec<FieldError>) -> Option<Self> {
        if config.is_undefined() {
            errors.push(refuse("client", "must be a client that createClient of this copy of the package has made"));
            return None;
        }
        let mut keep = Errors(errors);
        let config = keep.one(JsArguments::required("config", config.clone()))?;
        let base_url = keep.one(base_url::read(&config));
        let credentials = keep.all(Credentials::read(&config));
        let fetch = keep.one(config.function("fetch")).flatten();
        let wanted = keep.one(transport(&config));
        let max_streams = keep.one(max_streams(&config));
        let (base_url, credentials, wanted, max_streams) = (base_url?, credentials?, wanted?, max_streams?);
        let transport = match wanted {
            Some(wanted) => keep.one(check(wanted, &credentials))?,
            None => best(&credentials, fetch.is_some()),
        };
        Some(Self { base_url, transport, max_streams, credentials, fetch })
    }

    /// What to send requests with: looked up anew each time, since tests and pages replace the global one.
    pub fn fetch(&self) -> Function {
        self.fetch.clone().unwrap_or_else(|| global("fetch").unchecked_into())
    }
}

fn refuse(field: &'static str, message: &str) -> FieldError {
    FieldError { field, message: message.into() }
}

/// The transport that the configuration names; `None` for the best there is.
fn transport(config: &JsArguments) -> Result<Option<Transport>, FieldError> {
    let field = "transport";
    let value = config.value(field);
    match value.as_string().as_deref() {
        None if value.is_undefined() => Ok(None),
        Some("auto") => Ok(None),
        Some("eventsource") => Ok(Some(Transport::EventSource)),
        Some("fetch") => Ok(Some(Transport::Fetch)),
        Some("poll") => Ok(Some(Transport::Poll)),
        _ => Err(config.refuse(field, "\"auto\", \"eventsource\", \"fetch\" or \"poll\"")),
    }
}

/// How many streams may be open. The API allows five for each user, and one may be another page's.
const MAX_STREAMS: usize = 4;

fn max_streams(config: &JsArguments) -> Result<usize, FieldError> {
    let field = "maxStreams";
    match config.get(field) {
        Given::Absent => Ok(MAX_STREAMS),
        Given::Number(number) if number >= 0.0 && (number.is_infinite() || number.fract() == 0.0) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturating is as it should be"
            )]
            Ok(number as usize)
        }
        _ => Err(config.refuse(field, "an integer from 0, or Infinity")),
    }
}

/// The browser's own EventSource, unless headers are needed, requests are to be sent in another way, or there is none that
/// is sound.
fn best(credentials: &Credentials, has_fetch: bool) -> Transport {
    match check(Transport::EventSource, credentials) {
        Ok(transport) if !has_fetch && !event_source::is_workerds() => transport,
        _ => Transport::Fetch,
    }
}

fn check(transport: Transport, credentials: &Credentials) -> Result<Transport, FieldError> {
    let rule = match transport {
        Transport::EventSource if credentials.need_headers() => "with apiKey, headers or version: it sends no header",
        Transport::EventSource if !event_source::is_there() => "here: there is no EventSource",
        _ => return Ok(transport),
    };
    Err(refuse("transport", &format!("must not be \"eventsource\" {rule}")))
}

//! An event stream over `fetch`: any header can be sent, and every status is seen.

use std::collections::VecDeque;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;

use crate::api::EventStream;
use crate::event::Frame;
use crate::failure::Failure;
use crate::sse::SseDecoder;

use super::credentials::Credentials;
use super::endpoint::Arrival;
use super::fetch::{Answer, broken, send};
use super::json::JsJson;

#[wasm_bindgen(module = "/src/js/body.js")]
extern "C" {
    type BodyReader;
    #[wasm_bindgen(constructor, catch)]
    fn new(body: &ReadableStream) -> Result<BodyReader, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn read(this: &BodyReader) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn cancel(this: &BodyReader) -> Result<(), JsValue>;
}

/// Lies between the texts of frames. None holds one, since it ends a line.
const SEPARATOR: &str = "\r";

/// An open response body. Dropping it cancels the body and aborts the request, which closes the connection.
pub struct FetchStream {
    reader: BodyReader,
    decoder: SseDecoder,
    /// What the last chunk has completed.
    arrivals: VecDeque<Arrival>,
    _answer: Answer,
}

impl FetchStream {
    /// Opens one.
    pub async fn open(url: &str, credentials: &Credentials) -> Result<Self, Failure<JsJson>> {
        let answer = send(url, "text/event-stream", credentials).await?;
        let content_type = answer.response.headers().get("Content-Type").ok().flatten().unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("text/event-stream") {
            let message = format!("the server's answer is no event stream: its content type is \"{content_type}\"");
            return Err(Failure::Broken(message));
        }
        let body = answer.response.body().ok_or_else(|| Failure::Broken("the server's answer is empty".into()))?;
        let reader = BodyReader::new(&body).map_err(broken)?;
        Ok(Self { reader, decoder: SseDecoder::default(), arrivals: VecDeque::new(), _answer: answer })
    }

    /// Takes the next bytes. The texts of all their frames become JavaScript's in one go, which is what takes time.
    fn decode(&mut self, bytes: &[u8]) {
        let mut names = Vec::new();
        let mut texts = String::with_capacity(bytes.len());
        let decoded = self.decoder.decode(bytes, |frame| {
            names.push(frame.event.into_owned());
            texts.push_str(&frame.data);
            texts.push_str(SEPARATOR);
        });
        let texts = JsString::from(texts).split(SEPARATOR);
        let frames = names.into_iter().zip(texts.iter());
        let frames = frames.map(|(name, data)| Frame { name: name.into(), data: data.unchecked_into() });
        self.arrivals.extend(frames.map(Ok));
        if let Err(too_large) = decoded {
            self.arrivals.push_back(Err(Failure::Broken(too_large.to_string())));
        }
    }
}

impl EventStream for FetchStream {
    type Json = JsJson;

    async fn next(&mut self) -> Arrival {
        loop {
            if let Some(arrival) = self.arrivals.pop_front() {
                return arrival;
            }
            let bytes = self.reader.read().await.map_err(broken)?;
            if bytes.is_undefined() {
                return Err(Failure::Ended);
            }
            let bytes: Uint8Array =
                bytes.dyn_into().map_err(|_| Failure::Broken("the body gives something else than bytes".into()))?;
            self.decode(&bytes.to_vec());
        }
    }
}

impl Drop for FetchStream {
    fn drop(&mut self) {
        let _ = self.reader.cancel();
    }
}

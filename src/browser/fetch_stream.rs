//! An event stream over `fetch`: any header can be sent, and every status is seen.

use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use crate::api::EventStream;
use crate::event::{EventKind, Frame};
use crate::failure::Failure;
use crate::sse::{FrameTooLarge, SseDecoder};
use crate::text::concat;

use super::endpoint::Arrival;
use super::fetch::{Answer, Response, broken, content_type_of};
use super::json::JsJson;
use super::task::{Callback, Source, Task};

#[wasm_bindgen(module = "/src/js/body.js")]
extern "C" {
    #[wasm_bindgen(js_name = readBody)]
    fn read_body(response: &Response, tell: &JsValue) -> Callback;
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(chunk: &JsValue) -> usize;
    fn copy(chunk: &JsValue, to: &mut [u8]);
    /// The texts that lie one after the other, each with a [`SEPARATOR`] behind it.
    fn texts(bytes: &[u8]) -> Texts;

    #[derive(Default)]
    type Texts;
    #[wasm_bindgen(method, structural, indexing_getter)]
    fn at(this: &Texts, index: u32) -> JsValue;
}

// Kinds of news of a body.
const CHUNK: u32 = 0;
const BROKEN: u32 = 1;

/// Lies between the texts of frames. None holds one, since it ends a line.
const SEPARATOR: u8 = b'\r';

/// An open response body. Dropping it cancels the body and aborts the request, which closes the connection.
pub struct FetchStream {
    body: Source,
    decoder: SseDecoder,
    /// The frames that the last chunk has completed.
    frames: Frames,
    _answer: Answer,
}

impl FetchStream {
    /// Takes an answer for one, if it is one.
    pub fn open(task: &Rc<Task>, answer: Answer) -> Result<Self, Failure<JsJson>> {
        let content_type = content_type_of(&answer.response);
        let essence = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        if !essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream") {
            let message = ["the server's answer is no event stream: its content type is \"", &content_type, "\""];
            return Err(Failure::Broken(concat(&message)));
        }
        let body = Source::start(task, |tell| read_body(&answer.response, tell));
        Ok(Self { body, decoder: SseDecoder::default(), frames: Frames::default(), _answer: answer })
    }

    /// Takes the next bytes. The texts of all their frames become JavaScript's in one go, which is what takes time.
    fn decode(&mut self, bytes: &[u8]) {
        let mut kinds = Vec::new();
        let mut data = Vec::new();
        let decoded = self.decoder.decode(bytes, |frame| {
            if let Some(kind) = EventKind::named(frame.event) {
                kinds.push(kind);
                data.extend_from_slice(frame.data);
                data.push(SEPARATOR);
            }
        });
        self.frames = Frames { kinds, texts: texts(&data), heard: 0, too_large: decoded.err() };
    }
}

/// Frames of a chunk.
#[derive(Default)]
struct Frames {
    kinds: Vec<EventKind>,
    texts: Texts,
    /// How many have been given.
    heard: u32,
    /// The frame after them is.
    too_large: Option<FrameTooLarge>,
}

impl Frames {
    fn next(&mut self) -> Option<Arrival> {
        let Some(kind) = self.kinds.get(self.heard as usize) else {
            return self.too_large.map(|too_large| Err(Failure::Broken(too_large.message())));
        };
        let data = self.texts.at(self.heard);
        self.heard += 1;
        Some(Ok(Frame { kind: *kind, data }))
    }
}

impl EventStream for FetchStream {
    type Json = JsJson;

    async fn next(&mut self) -> Arrival {
        loop {
            if let Some(arrival) = self.frames.next() {
                return arrival;
            }
            match self.body.next().await {
                (CHUNK, chunk) => {
                    let mut bytes = vec![0; size_of(&chunk)];
                    copy(&chunk, &mut bytes);
                    self.decode(&bytes);
                }
                (BROKEN, error) => return Err(broken(&error)),
                _ => return Err(Failure::Ended),
            }
        }
    }
}

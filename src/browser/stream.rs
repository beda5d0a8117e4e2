//! What the server says: an event stream's frames, or one answer.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Poll, ready};

use wasm_bindgen::prelude::*;

use crate::api::EventStream;
use crate::duration::milliseconds;
use crate::event::{EventKind, Frame};
use crate::failure::{Failure, Refusal};
use crate::sse::{FrameTooLarge, SseDecoder, SseItem};

use super::json::{JsJson, number_of};
use super::task::{News, Source};

#[wasm_bindgen(module = "/src/js/payloads.js")]
extern "C" {
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(chunk: &JsValue) -> usize;
    fn copy(chunk: &JsValue, to: &mut [u8]);
    /// What is said by the texts that lie one after the other, each with a [`SEPARATOR`] behind it.
    #[wasm_bindgen(js_name = payloadsOf)]
    fn payloads_of(bytes: &[u8]) -> List;
    /// One of them; `None` for one that is not JSON, and for `null`.
    #[wasm_bindgen(js_name = payloadAt)]
    fn payload_at(list: &List, index: u32) -> Option<JsValue>;
    /// Why it is not JSON, if it is not.
    #[wasm_bindgen(js_name = whyNotJson)]
    fn why_not_json(list: &List, index: u32) -> JsValue;

    /// An array.
    #[derive(Default)]
    type List;
    #[wasm_bindgen(method, structural, indexing_getter)]
    fn at(this: &List, index: u32) -> JsValue;
}

// The kinds of news beside those of the four events (src/js/news.js).
const BODY: u32 = 4;
const ENDED: u32 = 5;
const CLOSED_FOR_GOOD: u32 = 7;
const REFUSED: u32 = 8;
const REDIRECTED: u32 = 9;
/// From here on: the four events, with data that is not JSON.
const NOT_JSON: u32 = 10;

/// Lies between the texts of frames. None holds one, since it ends a line.
const SEPARATOR: u8 = b'\r';

/// What a stream gives next.
type Arrival = Result<Frame<Result<JsValue, String>>, Failure<JsJson>>;

/// An event stream, of the browser's own EventSource or over `fetch`. Dropping it closes the connection.
pub struct Stream {
    source: Source,
    decoder: SseDecoder,
    /// The frames that the last bytes have completed.
    frames: Frames,
}

impl Stream {
    pub fn new(source: Source) -> Self {
        Self { source, decoder: SseDecoder::default(), frames: Frames::default() }
    }

    fn poll(&mut self) -> Poll<Arrival> {
        loop {
            if let Some(arrival) = self.frames.next() {
                return Poll::Ready(arrival);
            }
            let (kind, value) = ready!(self.source.poll());
            if kind == BODY {
                let mut bytes = vec![0; size_of(&value)];
                copy(&value, &mut bytes);
                self.decode(&bytes);
            } else {
                return Poll::Ready(arrival((kind, value)));
            }
        }
    }

    /// Takes the next bytes. The texts of all their frames go to JavaScript at once, which is what takes time.
    fn decode(&mut self, bytes: &[u8]) {
        let mut kinds = Vec::new();
        let mut data = Vec::new();
        let decoded = self.decoder.decode(bytes, |item| {
            let SseItem::Frame { event, data: text } = item else { return };
            if let Some(kind) = EventKind::named(event) {
                kinds.push(kind);
                data.extend_from_slice(text);
                data.push(SEPARATOR);
            }
        });
        self.frames = Frames { kinds, payloads: payloads_of(&data), heard: 0, too_large: decoded.err() };
    }
}

/// Frames of a chunk.
#[derive(Default)]
struct Frames {
    kinds: Vec<EventKind>,
    payloads: List,
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
        let index = self.heard;
        self.heard += 1;
        let data = payload_at(&self.payloads, index).map_or_else(|| self.null_at(index), Ok);
        Some(Ok(Frame { kind: *kind, data }))
    }

    /// Null, or why it is not even that.
    fn null_at(&self, index: u32) -> Result<JsValue, String> {
        why_not_json(&self.payloads, index).as_string().map_or(Ok(JsValue::NULL), Err)
    }
}

impl EventStream for Stream {
    type Json = JsJson;

    fn next(&mut self) -> impl Future<Output = Arrival> {
        poll_fn(|_| self.poll())
    }
}

/// What a source of an event stream tells, if it is not bytes.
fn arrival((kind, value): News) -> Arrival {
    if let Some(kind) = EventKind::ALL.get(kind as usize) {
        return Ok(Frame { kind: *kind, data: Ok(value) });
    }
    match kind.checked_sub(NOT_JSON).and_then(|kind| EventKind::ALL.get(kind as usize)) {
        Some(kind) => Ok(Frame { kind: *kind, data: Err(value.as_string().unwrap_or_default()) }),
        None => Err(failure((kind, value))),
    }
}

/// The one answer that a source gives.
pub fn answer(news: News) -> Result<JsJson, Failure<JsJson>> {
    match news {
        (BODY, json) => Ok(json.into()),
        news => Err(failure(news)),
    }
}

fn failure((kind, value): News) -> Failure<JsJson> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "statuses have three digits")]
    let status = |value: &JsValue| number_of(value) as u16;
    match kind {
        ENDED => Failure::Ended,
        CLOSED_FOR_GOOD => Failure::ClosedForGood { status: None },
        REDIRECTED => Failure::Redirected { status: status(&value) },
        REFUSED => {
            let list: List = value.unchecked_into();
            Failure::Status(Refusal {
                status: status(&list.at(0)),
                detail: Some(list.at(1)).filter(|detail| !detail.is_undefined()).map(JsJson::from),
                retry_after: Some(number_of(&list.at(2))).filter(|wait| *wait > 0.0).map(milliseconds),
            })
        }
        _ => Failure::Broken(value.as_string().unwrap_or_default()),
    }
}

//! What the server says: an event stream's frames, or one answer.

use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Poll, ready};

use wasm_bindgen::prelude::*;

use crate::api::EventStream;
use crate::duration::milliseconds;
use crate::event::{EventKind, Frame};
use crate::failure::{Failure, Refusal};
use crate::json::Json as _;
use crate::sse::{FrameTooLarge, SseDecoder, SseItem};
use crate::text::concat;

use super::json::{JsJson, number_of};
use super::task::{News, Source};

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(chunk: &JsValue) -> usize;
    fn copy(chunk: &JsValue, to: &mut [u8]);
    /// The texts that lie one after the other, each with a [`SEPARATOR`] behind it.
    fn texts(bytes: &[u8]) -> List;

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

/// Lies between the texts of frames. None holds one, since it ends a line.
const SEPARATOR: u8 = b'\r';

/// What a stream gives next.
type Arrival = Result<Frame<JsValue>, Failure<JsJson>>;

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
            if let Some(kind) = EventKind::ALL.get(kind as usize) {
                return Poll::Ready(Ok(Frame { kind: *kind, data: value }));
            }
            if kind != BODY {
                return Poll::Ready(Err(failure((kind, value))));
            }
            let mut bytes = vec![0; size_of(&value)];
            copy(&value, &mut bytes);
            self.decode(&bytes);
        }
    }

    /// Takes the next bytes. The texts of all their frames become JavaScript's in one go, which is what takes time.
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
        self.frames = Frames { kinds, texts: texts(&data), heard: 0, too_large: decoded.err() };
    }
}

/// Frames of a chunk.
#[derive(Default)]
struct Frames {
    kinds: Vec<EventKind>,
    texts: List,
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

impl EventStream for Stream {
    type Json = JsJson;

    fn next(&mut self) -> impl Future<Output = Arrival> {
        poll_fn(|_| self.poll())
    }
}

/// The one answer that a source gives.
pub fn answer(news: News) -> Result<JsJson, Failure<JsJson>> {
    match news {
        (BODY, text) => JsJson::parse(&text)
            .map_err(|reason| Failure::Broken(concat(&["the server's answer is not JSON: ", &reason]))),
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

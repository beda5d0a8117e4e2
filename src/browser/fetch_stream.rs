//! An event stream over `fetch`: any header can be sent, and every status is seen.

use std::collections::VecDeque;

use crate::event::{EventKind, Frame};
use crate::failure::Failure;
use crate::mime::is_event_stream;
use crate::sse::{SseDecoder, SseItem};

use super::body::{Body, Decoder};
use super::client::Client;
use super::endpoint::Arrival;
use super::fetch::{Answer, send};
use super::json::JsJson;

/// An event stream over `fetch`. Dropping it cancels the body and aborts the request, which closes the connection.
pub struct FetchStream<'a> {
    client: &'a Client,
    url: String,
    /// The frames, once the server has answered.
    frames: Option<Frames>,
}

impl<'a> FetchStream<'a> {
    /// Opens one. Whether the server agrees shows in [`Self::next`].
    pub fn open(client: &'a Client, url: &str) -> Self {
        Self { client, url: url.into(), frames: None }
    }

    /// The next frame, or how the stream has ended.
    pub async fn next(&mut self) -> Arrival {
        let frames = match &mut self.frames {
            Some(frames) => frames,
            none => none.insert(Frames::open(self.client, &self.url).await?),
        };
        frames.next().await
    }
}

/// The frames of an answer.
struct Frames {
    body: Body,
    decoder: SseDecoder,
    text: Decoder,
    /// What the last chunk has completed.
    arrivals: VecDeque<Arrival>,
    _answer: Answer,
}

impl Frames {
    async fn open(client: &Client, url: &str) -> Result<Self, Failure<JsJson>> {
        let answer = send(client, url, "text/event-stream").await?;
        let content_type = answer.header("Content-Type").unwrap_or_default();
        if !is_event_stream(&content_type) {
            let message = format!("the server's answer is no event stream: its content type is \"{content_type}\"");
            return Err(Failure::Malformed(message));
        }
        let body = answer.body()?;
        // Only the first byte order mark of a stream is removed, and the frame decoder does that.
        let text = Decoder::keeping_byte_order_marks()?;
        Ok(Self { body, decoder: SseDecoder::default(), text, arrivals: VecDeque::new(), _answer: answer })
    }

    async fn next(&mut self) -> Arrival {
        loop {
            if let Some(arrival) = self.arrivals.pop_front() {
                return arrival;
            }
            let bytes = self.body.chunk().await?.ok_or(Failure::Ended)?;
            self.take(&bytes);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let Self { decoder, text, arrivals, .. } = self;
        let decoded = decoder.decode(bytes, |item| {
            let SseItem::Frame { event, data } = item else { return };
            let Some(kind) = EventKind::named(event) else { return };
            arrivals.push_back(text.decode(data).map(|data| Frame { kind, data }));
        });
        if let Err(too_large) = decoded {
            // The server does send streams: this one is given up.
            arrivals.push_back(Err(Failure::Broken(too_large.to_string())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::{Either, select};
    use js_sys::Function;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::timer;
    use wasm_bindgen::JsValue;

    use super::super::value::{field, global};
    use super::*;

    /// A client whose `fetch` is this function's body, in JavaScript.
    fn client(fetch: &str) -> Client {
        let config = format!("return {{ fetch: async (url, {{ headers, signal }}) => {{ {fetch} }} }}");
        let config = Function::new_no_args(&config).call0(&JsValue::UNDEFINED).unwrap();
        Client::read(&config, &mut Vec::new())
    }

    fn answer(body: &str) -> String {
        format!("return new Response({body}, {{ headers: {{ 'Content-Type': 'text/event-stream' }} }})")
    }

    /// What a stream gives to its end.
    async fn all(fetch: &str) -> Vec<String> {
        let client = client(fetch);
        let mut stream = FetchStream::open(&client, "http://example.com/");
        let mut arrivals = Vec::new();
        loop {
            match stream.next().await {
                Ok(frame) => arrivals.push(format!("{}: {}", frame.kind.name(), frame.data)),
                Err(failure) => {
                    arrivals.push(failure.to_string());
                    return arrivals;
                }
            }
        }
    }

    const ENDED: &str = "the event stream ended before the target was reached";

    #[wasm_bindgen_test]
    async fn frames_are_decoded_wherever_the_chunks_are_cut() {
        let text = "\u{feff}event: state\ndata: \u{feff}stärting\n\nevent: more\ndata: 1\n\nevent: error\ndata: €\n\n";
        for size in [1, 2, 3, 7, 1000] {
            let body = format!(
                "new ReadableStream({{ start(controller) {{
                    const bytes = new TextEncoder().encode({text:?});
                    for (let at = 0; at < bytes.length; at += {size}) controller.enqueue(bytes.slice(at, at + {size}));
                    controller.close();
                }} }})"
            );
            let body = body.replace("\\u{feff}", "\\ufeff");
            assert_eq!(all(&answer(&body)).await, ["state: \u{feff}stärting", "error: €", ENDED], "{size}");
        }
    }

    #[wasm_bindgen_test]
    async fn what_is_not_utf_8_becomes_a_replacement_character() {
        let body = "new Uint8Array([...new TextEncoder().encode('event: state\\ndata: '), 0xff, 10, 10])";
        assert_eq!(all(&answer(body)).await, ["state: \u{fffd}", ENDED]);
    }

    #[wasm_bindgen_test]
    async fn a_body_is_taken_by_what_it_can_do() {
        let frame = "new TextEncoder().encode('event: state\\ndata: 1\\n\\n')";
        for (body, last) in [
            (format!("{{ async *[Symbol.asyncIterator]() {{ yield {frame} }} }}"), ENDED),
            (
                format!(
                    "{{ getReader: () => ({{ read: () => ({{ value: {frame}, done: !(this.n = !this.n) }}), cancel() {{}} }}) }}"
                ),
                ENDED,
            ),
            ("null".into(), ENDED),
            ("{ getReader() { throw new Error('locked') } }".into(), "the connection broke: locked"),
            ("{ getReader: () => ({ read: () => ({ value: 'text' }), cancel() {} }) }".into(), "the body gives"),
            (
                "{ getReader: () => ({ read() { throw 'no' }, cancel() { throw 'no' } }) }".into(),
                "the connection broke: no",
            ),
        ] {
            let fetch =
                format!("return {{ status: 200, headers: {{ get: () => 'text/event-stream' }}, body: {body} }}");
            let last_ = all(&fetch).await.pop().unwrap();
            assert!(last_.starts_with(last), "{body}: {last_}");
        }
    }

    #[wasm_bindgen_test]
    async fn another_content_type_is_a_failure() {
        let expected = "the server's answer is no event stream: its content type is \"text/html\"";
        assert_eq!(all("return new Response('', { headers: { 'Content-Type': 'text/html' } })").await, [expected]);
    }

    #[wasm_bindgen_test]
    async fn dropping_it_cancels_the_body_and_aborts_the_request() {
        let body = "new ReadableStream({ cancel() { globalThis.isCancelled = true } })";
        let client = client(&format!("globalThis.requestSignal = signal; {}", answer(body)));
        let mut stream = FetchStream::open(&client, "http://example.com/");
        let aborted = || field(&global("requestSignal"), "aborted");
        let waited = select(Box::pin(stream.next()), timer::sleep(Duration::from_millis(20))).await;
        assert!(matches!(waited, Either::Right(_)));
        assert_eq!(aborted(), JsValue::FALSE);
        drop(waited);
        drop(stream);
        assert_eq!(aborted(), JsValue::TRUE);
        assert_eq!(global("isCancelled"), JsValue::TRUE);
    }
}

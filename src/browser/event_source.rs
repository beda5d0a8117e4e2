//! The browser's own EventSource as an event stream.

use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::api::EventStream;
use crate::event::{EventKind, Frame};
use crate::failure::Failure;
use crate::text::concat;

use super::endpoint::Arrival;
use super::json::JsJson;
use super::task::{Callback, Source, Task};
use super::thrown::message_of;

#[wasm_bindgen(module = "/src/js/event_source.js")]
extern "C" {
    #[wasm_bindgen(js_name = openEventSource)]
    fn open_event_source(url: &str, with_credentials: bool, tell: &JsValue) -> Callback;
}

/// An open EventSource. It is closed at its first failure, so that it never reconnects by itself, and when it is dropped.
pub struct EventSourceStream(Source);

impl EventSourceStream {
    /// Opens one; that it cannot connect shows in [`EventStream::next`].
    pub fn open(task: &Rc<Task>, url: &str, with_credentials: bool) -> Self {
        Self(Source::start(task, |tell| open_event_source(url, with_credentials, tell)))
    }
}

// Kinds of news beside those of the four events.
const FAILED: u32 = 4;
const CLOSED_FOR_GOOD: u32 = 5;

impl EventStream for EventSourceStream {
    type Json = JsJson;

    async fn next(&mut self) -> Arrival {
        let (kind, value) = self.0.next().await;
        if let Some(kind) = EventKind::ALL.get(kind as usize) {
            return Ok(Frame { kind: *kind, data: value });
        }
        Err(match kind {
            CLOSED_FOR_GOOD => Failure::ClosedForGood { status: None },
            // The browser does not tell a clean end from a broken connection.
            FAILED => {
                Failure::Broken("the connection failed, or the event stream ended before the target was reached".into())
            }
            _ => Failure::Broken(concat(&["the browser cannot open the event stream: ", &message_of(&value)])),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::task::tests::run;
    use super::*;

    /// What a stream of these frames gives, `count` times, in words.
    async fn heard(url: String, count: usize) -> String {
        run(async move |task: Rc<Task>| {
            let mut stream = EventSourceStream::open(&task, &url, false);
            let mut all = String::new();
            for _ in 0..count {
                let next = match stream.next().await {
                    Ok(frame) => concat(&[frame.kind.name(), ":", &frame.data.as_string().unwrap()]),
                    Err(Failure::Broken(_)) => "broken".into(),
                    Err(Failure::ClosedForGood { .. }) => "closed for good".into(),
                    Err(_) => "something else".into(),
                };
                all = concat(&[&all, &next, " "]);
            }
            all
        })
        .await
    }

    fn frames(frames: &str) -> String {
        concat(&["data:text/event-stream,", &js_sys::encode_uri_component(frames).as_string().unwrap()])
    }

    #[wasm_bindgen_test]
    async fn named_events_arrive_in_order_and_others_do_not() {
        let names = ["state", "message", "heartbeat", "complete", "timeout", "open", "state"];
        let stream: String = names.map(|name| concat(&["event: ", name, "\ndata: 1\n\n"])).concat();
        assert_eq!(heard(frames(&stream), 4).await, "state:1 complete:1 timeout:1 state:1 ");
    }

    #[wasm_bindgen_test]
    async fn the_servers_error_is_told_apart_from_a_failed_connection() {
        assert_eq!(heard(frames("event: error\ndata: {}\n\n"), 2).await, "error:{} broken ");
    }

    #[wasm_bindgen_test]
    async fn what_is_no_event_stream_is_closed_for_good() {
        assert_eq!(heard("data:text/html,hello".into(), 1).await, "closed for good ");
    }

    #[wasm_bindgen_test]
    async fn an_address_that_makes_no_sense_is_a_failure() {
        assert_eq!(heard("http://[".into(), 1).await, "broken ");
    }
}

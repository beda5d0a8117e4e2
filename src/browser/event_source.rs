//! The browser's own EventSource as an event stream.

use wasm_bindgen::prelude::*;
use web_sys::{EventSource, EventSourceInit, MessageEvent};

use crate::event::{EventKind, Frame};
use crate::failure::Failure;

use super::endpoint::Arrival;
use super::json::JsJson;
use super::listener::Listener;
use super::mailbox::Mailbox;
use super::value::{field, global, message_of};

#[wasm_bindgen]
extern "C" {
    /// web-sys's message. It may be any other event, or a replaced EventSource's own object: reading its data may throw.
    #[wasm_bindgen(extends = MessageEvent)]
    type Message;
    #[wasm_bindgen(method, getter, catch)]
    fn data(this: &Message) -> Result<JsValue, JsValue>;
}

/// An open EventSource. It is closed at its first failure, so that it never reconnects by itself, and when it is dropped.
pub struct EventSourceStream {
    source: EventSource,
    arrivals: Mailbox<Arrival>,
    _listeners: [Listener; 4],
}

impl EventSourceStream {
    /// Opens one. Whether it can connect shows in [`Self::next`].
    pub fn open(url: &str, with_credentials: bool) -> Result<Self, Failure<JsJson>> {
        let init = EventSourceInit::new();
        init.set_with_credentials(with_credentials);
        let source = EventSource::new_with_event_source_init_dict(url, &init).map_err(|error| {
            Failure::Broken(format!("the browser cannot open the event stream: {}", message_of(&error)))
        })?;
        let arrivals = Mailbox::default();
        let listeners = EventKind::ALL.map(|kind| {
            let (source_, arrivals) = (source.clone(), arrivals.clone());
            Listener::new(&source, kind.name(), move |event| arrivals.put(arrival(&source_, kind, event)))
        });
        Ok(Self { source, arrivals, _listeners: listeners })
    }

    /// The next frame, or how the stream has ended.
    pub async fn next(&mut self) -> Arrival {
        self.arrivals.next().await
    }
}

/// A failed connection and the server's `event: error` are both called `error`; only the latter has data.
fn arrival(source: &EventSource, kind: EventKind, event: JsValue) -> Arrival {
    let data = event.unchecked_into::<Message>().data().unwrap_or_default();
    if data.is_string() {
        return Ok(Frame { kind, data: data.unchecked_into() });
    }
    let is_closed_for_good = source.ready_state() == EventSource::CLOSED;
    source.close();
    Err(if is_closed_for_good {
        Failure::ClosedForGood { read: String::new() }
    } else {
        // The browser does not tell a clean end from a broken connection.
        Failure::Broken("the connection failed, or the event stream ended before the target was reached".into())
    })
}

impl Drop for EventSourceStream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Whether there is an EventSource here.
pub fn is_there() -> bool {
    global("EventSource").is_function()
}

/// Whether the EventSource here is workerd's, which loses characters that are split across chunks. It is known by a static
/// method that no browser's has.
pub fn is_workerds() -> bool {
    field(&global("EventSource"), "from").is_function()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn open(frames: &str) -> EventSourceStream {
        let frames = js_sys::encode_uri_component(frames);
        EventSourceStream::open(&format!("data:text/event-stream,{frames}"), false).unwrap()
    }

    /// What the stream gives, in words.
    async fn next(stream: &mut EventSourceStream) -> String {
        match stream.next().await {
            Ok(frame) => format!("{}: {}", frame.kind.name(), frame.data),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[wasm_bindgen_test]
    async fn named_events_arrive_in_order_and_others_do_not() {
        let frames = [
            ("state", "1"),
            ("message", "2"),
            ("heartbeat", "3"),
            ("complete", "4"),
            ("timeout", "5"),
            ("open", "6"),
            ("state", "7"),
        ];
        let mut stream = open(&frames.map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).concat());
        for expected in ["state: 1", "complete: 4", "timeout: 5", "state: 7"] {
            assert_eq!(next(&mut stream).await, expected);
        }
    }

    #[wasm_bindgen_test]
    async fn the_servers_error_is_told_apart_from_a_failed_connection() {
        let mut stream = open("event: error\ndata: {}\n\n");
        assert_eq!(next(&mut stream).await, "error: {}");
        assert_eq!(stream.source.ready_state(), EventSource::OPEN);
        assert!(next(&mut stream).await.contains("Broken"));
    }

    #[wasm_bindgen_test]
    async fn it_is_closed_at_its_first_failure_and_never_reconnects() {
        let mut stream = open("retry: 0\nevent: state\ndata: 1\n\n");
        assert_eq!(next(&mut stream).await, "state: 1");
        assert!(next(&mut stream).await.contains("Broken"));
        assert_eq!(stream.source.ready_state(), EventSource::CLOSED);
    }

    #[wasm_bindgen_test]
    async fn what_is_no_event_stream_is_closed_for_good() {
        let mut stream = EventSourceStream::open("data:text/html,hello", false).unwrap();
        assert!(next(&mut stream).await.contains("ClosedForGood"));
    }

    #[wasm_bindgen_test]
    fn an_address_that_is_none_is_a_failure() {
        let failure = EventSourceStream::open("http://[", false).err().unwrap().to_string();
        assert!(failure.starts_with("the browser cannot open the event stream: "), "{failure}");
    }

    #[wasm_bindgen_test]
    fn dropping_it_closes_the_connection() {
        let stream = open("");
        let source = stream.source.clone();
        assert_ne!(source.ready_state(), EventSource::CLOSED);
        drop(stream);
        assert_eq!(source.ready_state(), EventSource::CLOSED);
    }
}

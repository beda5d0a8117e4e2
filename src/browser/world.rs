//! One CVM's state endpoint: the world that a watch is handed.

use alloc::rc::Rc;
use alloc::string::String;
use core::future::poll_fn;
use core::time::Duration;

use crate::api::Api;
use crate::duration::in_milliseconds;
use crate::failure::Failure;
use crate::retry::LONGEST_DELAY;

use super::json::JsJson;
use super::stream::{Stream, answer};
use super::task::{Source, Task};

/// One CVM's state endpoint.
pub struct World<'a> {
    pub task: &'a Rc<Task>,
    /// Path and query of the event stream, relative to the API's base URL.
    pub stream_path: String,
    /// The path of the one-shot read.
    pub read_path: String,
}

impl Api for World<'_> {
    type Json = JsJson;
    type Stream = Stream;

    /// That it could not be opened is told by the stream.
    async fn open(&self) -> Result<Stream, Failure<JsJson>> {
        let call = &self.task.call;
        Ok(Stream::new(Source::start(self.task, |tell| call.open(&self.stream_path, tell))))
    }

    fn read(&self) -> impl Future<Output = Result<JsJson, Failure<JsJson>>> {
        let call = &self.task.call;
        let source = Source::start(self.task, |tell| call.read(&self.read_path, tell));
        poll_fn(move |_| source.poll().map(answer))
    }

    /// The timer is cleared when the future is dropped.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        let milliseconds = in_milliseconds(duration.min(LONGEST_DELAY));
        Source::start(self.task, |tell| self.task.call.sleep(milliseconds, tell)).done()
    }
}

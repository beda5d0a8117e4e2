//! One CVM's state endpoint: the world that a watch is handed.

use alloc::rc::Rc;
use alloc::string::String;
use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::api::{Api, EventStream};
use crate::cvm_id::CvmId;
use crate::duration::in_milliseconds;
use crate::event::Frame;
use crate::failure::Failure;
use crate::retry::LONGEST_DELAY;
use crate::text::concat;

use super::client::{Client, Transport};
use super::event_source::EventSourceStream;
use super::fetch::Request;
use super::fetch_stream::FetchStream;
use super::json::JsJson;
use super::task::{Callback, Source, Task};

#[wasm_bindgen(module = "/src/js/sources.js")]
extern "C" {
    fn sleep(milliseconds: f64, tell: &JsValue) -> Callback;
}

/// Waits; the timer is cleared when the future is dropped.
pub async fn wait(task: &Rc<Task>, duration: Duration) {
    let milliseconds = in_milliseconds(duration.min(LONGEST_DELAY));
    Source::start(task, |tell| sleep(milliseconds, tell)).next().await;
}

/// One CVM's state endpoint.
pub struct Endpoint {
    task: Rc<Task>,
    client: Client,
    stream_url: String,
    read_url: String,
}

impl Endpoint {
    /// The endpoint of a CVM; `stream_path` is that of its event stream.
    pub fn new(task: &Rc<Task>, client: Client, id: &CvmId, stream_path: &str) -> Self {
        let url = |path: &str| concat(&[&client.base_url, "/", path]);
        let (stream_url, read_url) = (url(stream_path), url(&id.state_path()));
        Self { task: Rc::clone(task), client, stream_url, read_url }
    }

    fn request<'a>(&'a self, url: &'a str, accept: &'static str) -> Request<'a> {
        Request { task: &self.task, url, accept, credentials: &self.client.credentials }
    }
}

impl Api for Endpoint {
    type Json = JsJson;
    type Stream = Stream;

    async fn open(&self) -> Result<Stream, Failure<JsJson>> {
        Ok(match self.client.transport {
            Transport::EventSource => {
                let cookies = self.client.credentials.cookies;
                Stream::EventSource(EventSourceStream::open(&self.task, &self.stream_url, cookies))
            }
            Transport::Fetch => {
                let answer = self.request(&self.stream_url, "text/event-stream").send().await?;
                Stream::Fetch(FetchStream::open(&self.task, answer)?)
            }
        })
    }

    async fn read(&self) -> Result<JsJson, Failure<JsJson>> {
        self.request(&self.read_url, "application/json").send().await?.json(&self.task).await
    }

    async fn sleep(&self, duration: Duration) {
        wait(&self.task, duration).await;
    }
}

/// What a stream gives next.
pub type Arrival = Result<Frame<JsValue>, Failure<JsJson>>;

/// An event stream over one of the transports.
pub enum Stream {
    EventSource(EventSourceStream),
    Fetch(FetchStream),
}

impl EventStream for Stream {
    type Json = JsJson;

    async fn next(&mut self) -> Arrival {
        match self {
            Self::EventSource(stream) => stream.next().await,
            Self::Fetch(stream) => stream.next().await,
        }
    }
}

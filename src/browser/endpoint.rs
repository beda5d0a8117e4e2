//! One CVM's state endpoint: the browser's implementation of [`Api`].

use std::rc::Rc;
use std::time::Duration;

use js_sys::{JsString, Math};

use crate::api::{Api, EventStream, WakeUp};
use crate::budget::Budget;
use crate::cvm_id::CvmId;
use crate::event::Frame;
use crate::failure::Failure;

use super::client::{Client, Transport};
use super::clock;
use super::event_source::EventSourceStream;
use super::fetch::send;
use super::fetch_stream::FetchStream;
use super::json::JsJson;
use super::timer;
use super::wake_ups::{WakeUps, is_hidden};

/// One CVM's state endpoint.
pub struct Endpoint<'a> {
    client: &'a Client,
    stream_url: String,
    read_url: String,
    budget: Rc<Budget>,
    wake_ups: WakeUps,
}

impl<'a> Endpoint<'a> {
    /// The endpoint of a CVM; `stream_path` is that of its event stream.
    pub fn new(client: &'a Client, id: &CvmId, stream_path: &str, budget: Rc<Budget>, wake_ups: WakeUps) -> Self {
        let url = |path: &str| format!("{}/{path}", client.base_url);
        Self { client, stream_url: url(stream_path), read_url: url(&id.state_path()), budget, wake_ups }
    }
}

impl<'a> Api for Endpoint<'a> {
    type Json = JsJson;
    type Stream = Stream<'a>;

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn max_streams(&self) -> usize {
        if self.client.transport == Transport::Poll { 0 } else { self.client.max_streams }
    }

    fn open(&self) -> Stream<'a> {
        if self.client.transport == Transport::EventSource {
            let opened = EventSourceStream::open(&self.stream_url, self.client.credentials.cookies);
            return opened.map_or_else(|failure| Stream::Failed(Some(failure)), Stream::EventSource);
        }
        Stream::Fetch(FetchStream::open(self.client, &self.stream_url))
    }

    async fn read(&self) -> Result<JsJson, Failure<JsJson>> {
        send(self.client, &self.read_url, "application/json").await?.json().await
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        timer::sleep(duration)
    }

    fn now(&self) -> Duration {
        clock::now()
    }

    fn wall_clock(&self) -> Duration {
        clock::wall_clock()
    }

    fn random(&self) -> f64 {
        Math::random()
    }

    fn is_hidden(&self) -> bool {
        is_hidden()
    }

    fn woken(&self) -> impl Future<Output = WakeUp> {
        self.wake_ups.next()
    }
}

/// What a stream gives next.
pub type Arrival = Result<Frame<JsString>, Failure<JsJson>>;

/// An event stream over one of the transports.
pub enum Stream<'a> {
    EventSource(EventSourceStream),
    Fetch(FetchStream<'a>),
    /// It could not be opened.
    Failed(Option<Failure<JsJson>>),
}

impl EventStream for Stream<'_> {
    type Json = JsJson;

    async fn next(&mut self) -> Arrival {
        match self {
            Self::EventSource(stream) => stream.next().await,
            Self::Fetch(stream) => stream.next().await,
            Self::Failed(failure) => Err(failure.take().unwrap_or(Failure::Ended)),
        }
    }
}

//! One CVM's state endpoint: the world that a watch is handed.

use std::time::Duration;

use js_sys::JsString;

use crate::api::{Api, EventStream};
use crate::cvm_id::CvmId;
use crate::event::Frame;
use crate::failure::Failure;

use super::body::FetchStream;
use super::client::{Client, Transport};
use super::event_source::EventSourceStream;
use super::fetch::send;
use super::json::JsJson;
use super::timer;

/// One CVM's state endpoint.
pub struct Endpoint<'a> {
    client: &'a Client,
    stream_url: String,
    read_url: String,
}

impl<'a> Endpoint<'a> {
    /// The endpoint of a CVM; `stream_path` is that of its event stream.
    pub fn new(client: &'a Client, id: &CvmId, stream_path: &str) -> Self {
        let url = |path: &str| format!("{}/{path}", client.base_url);
        Self { client, stream_url: url(stream_path), read_url: url(&id.state_path()) }
    }
}

impl Api for Endpoint<'_> {
    type Json = JsJson;
    type Stream = Stream;

    async fn open(&self) -> Result<Stream, Failure<JsJson>> {
        Ok(match self.client.transport {
            Transport::EventSource => {
                Stream::EventSource(EventSourceStream::open(&self.stream_url, self.client.credentials.cookies)?)
            }
            Transport::Fetch => Stream::Fetch(FetchStream::open(self.client, &self.stream_url).await?),
        })
    }

    async fn read(&self) -> Result<JsJson, Failure<JsJson>> {
        send(self.client, &self.read_url, "application/json").await?.json().await
    }

    async fn sleep(&self, duration: Duration) {
        timer::sleep(duration).await;
    }
}

/// What a stream gives next.
pub type Arrival = Result<Frame<JsString>, Failure<JsJson>>;

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

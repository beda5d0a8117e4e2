//! One CVM's state endpoint: the world that a watch is handed.

use std::time::Duration;

use js_sys::JsString;

use crate::api::{Api, EventStream};
use crate::cvm_id::CvmId;
use crate::event::Frame;
use crate::failure::Failure;

use super::client::{Client, Transport};
use super::event_source::EventSourceStream;
use super::fetch;
use super::fetch_stream::FetchStream;
use super::json::JsJson;
use super::timer;

/// One CVM's state endpoint.
pub struct Endpoint {
    client: Client,
    stream_url: String,
    read_url: String,
}

impl Endpoint {
    /// The endpoint of a CVM; `stream_path` is that of its event stream.
    pub fn new(client: Client, id: &CvmId, stream_path: &str) -> Self {
        let url = |path: &str| format!("{}/{path}", client.base_url);
        let (stream_url, read_url) = (url(stream_path), url(&id.state_path()));
        Self { client, stream_url, read_url }
    }
}

impl Api for Endpoint {
    type Json = JsJson;
    type Stream = Stream;

    async fn open(&self) -> Result<Stream, Failure<JsJson>> {
        let credentials = &self.client.credentials;
        Ok(match self.client.transport {
            Transport::EventSource => {
                Stream::EventSource(EventSourceStream::open(&self.stream_url, credentials.cookies)?)
            }
            Transport::Fetch => Stream::Fetch(FetchStream::open(&self.stream_url, credentials).await?),
        })
    }

    async fn read(&self) -> Result<JsJson, Failure<JsJson>> {
        fetch::send(&self.read_url, "application/json", &self.client.credentials).await?.json().await
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

//! A small HTTP client that shows what a browser would hide.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use cvm_simulator::{Options, Simulator};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A simulator for one test. It ends with the test's runtime.
pub struct Api {
    pub port: u16,
}

impl Api {
    /// One whose CVMs boot at once.
    pub async fn start() -> Self {
        Self::start_with(Options { boot_step: Duration::from_millis(5), ..Options::default() }).await
    }

    pub async fn start_with(options: Options) -> Self {
        let simulator = Simulator::bind(Options { port: 0, ..options }).await.expect("a free port");
        let port = simulator.port();
        tokio::spawn(simulator.serve());
        Self { port }
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}/api/v1", self.port)
    }

    /// Sends a request and returns with the answer's head.
    pub async fn open(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Stream {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.expect("a handshake");
        let driver = tokio::spawn(async move { drop(connection.await) });
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", format!("localhost:{}", self.port));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        Stream {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.into_body(),
            received: String::new(),
            connection: Driver(driver),
        }
    }

    pub async fn watch(&self, cvm: &str, target: &str) -> Stream {
        self.open(Method::GET, &stream_path(cvm, target), &[], "").await
    }

    pub async fn request(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.open(method, path, headers, body).await;
        stream.read_to_end().await.expect("a whole body");
        Answer { status: stream.status, headers: stream.headers.clone(), body: stream.received.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, &[], "").await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.request(Method::POST, path, &[], "").await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path, &[], &body.to_string()).await
    }

    /// The one-shot read.
    pub async fn state(&self, cvm: &str) -> Value {
        self.get(&read_path(cvm)).await.json()
    }

    /// Scripts the next streams for a CVM.
    pub async fn script_streams(&self, cvm: &str, streams: Value) {
        let script = Value::Object([("streams".to_owned(), streams)].into_iter().collect());
        let answer = self.put(&format!("/simulator/cvms/{cvm}/script"), &script).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }

    /// The log of requests for a CVM.
    pub async fn log(&self, cvm: &str) -> Vec<Value> {
        let log = self.get(&format!("/simulator/requests?cvm={cvm}")).await.json();
        log.as_array().expect("an array").clone()
    }

    /// Waits until the only request for a CVM has ended, and says how.
    pub async fn ending(&self, cvm: &str) -> Value {
        eventually(async || {
            let log = self.log(cvm).await;
            assert!(log.len() < 2, "{log:?}");
            log.into_iter().find(|entry| !entry["leftAt"].is_null())
        })
        .await["ending"]
            .clone()
    }

    /// Sends a request by hand, to look at the raw bytes of the answer.
    pub async fn raw(&self, path: &str) -> TcpStream {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("a request");
        socket
    }
}

pub fn stream_path(cvm: &str, target: &str) -> String {
    format!("/api/v1/cvms/{cvm}/state?target={target}")
}

pub fn read_path(cvm: &str) -> String {
    format!("/api/v1/cvms/{cvm}/state")
}

/// An answer as a whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header"))
    }
}

/// An answer that is still coming. Dropping it closes the connection.
pub struct Stream {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    received: String,
    #[expect(dead_code, reason = "held for its drop")]
    connection: Driver,
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

impl Stream {
    /// The next piece of the body; none at its end.
    pub async fn piece(&mut self) -> Result<Option<String>, hyper::Error> {
        let Some(frame) = self.body.frame().await.transpose()? else { return Ok(None) };
        let bytes: Bytes = frame.into_data().unwrap_or_default();
        Ok(Some(String::from_utf8(bytes.to_vec()).expect("text")))
    }

    /// The next block of the event stream, a comment or an event; none at the end.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.received.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.received = rest;
                return Some(block);
            }
            let piece = self.piece().await.expect("an unbroken stream")?;
            self.received.push_str(&piece);
        }
    }

    /// The next event whose data is JSON, comments passed over; none at the end.
    pub async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            if let Some((name, data)) = block.strip_prefix("event: ").and_then(|event| event.split_once("\ndata: ")) {
                let data = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
                return Some(Event { name: name.to_owned(), data });
            }
        }
    }

    /// Every event up to the end.
    pub async fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }

    pub async fn read_to_end(&mut self) -> Result<(), hyper::Error> {
        while let Some(piece) = self.piece().await? {
            self.received.push_str(&piece);
        }
        Ok(())
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("it should have happened by now")
}

//! HTTP/2, and TLS, without which browsers do not speak it.

use std::sync::Arc;

use axum::body::Body;
use cvm_simulator::{Options, Simulator};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{Api, eventually, read_path, stream_path};

/// A simulator with TLS, and what its clients have to trust.
struct Server {
    port: u16,
    certificate: CertificateDer<'static>,
}

impl Server {
    async fn start() -> Self {
        let options = Options { port: 0, tls: true, ..Options::default() };
        let simulator = Simulator::bind(options).await.expect("a free port");
        assert_eq!(simulator.url(), format!("https://localhost:{}", simulator.port()));
        let server =
            Self { port: simulator.port(), certificate: simulator.certificate().expect("a certificate").clone() };
        tokio::spawn(simulator.serve());
        server
    }

    /// A connection whose client speaks this protocol. The certificate has to be sound.
    async fn connect(&self, protocol: &str, name: &'static str) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.into()];
        let socket = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let name = ServerName::try_from(name).expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        stream
    }

    /// One connection for all requests, as a browser has it.
    async fn http2(&self) -> Http2 {
        let io = TokioIo::new(self.connect("h2", "localhost").await);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("a handshake");
        tokio::spawn(async move { drop(connection.await) });
        Http2 { sender, origin: format!("https://localhost:{}", self.port) }
    }
}

struct Http2 {
    sender: http2::SendRequest<Body>,
    origin: String,
}

impl Http2 {
    async fn open(&self, method: &str, path: &str) -> Response<Incoming> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        self.sender.clone().send_request(request.body(Body::empty()).expect("a request")).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Value {
        json_of(self.open("GET", path).await).await
    }
}

async fn json_of(response: Response<Incoming>) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.expect("a body").to_bytes()).expect("JSON")
}

#[tokio::test]
async fn many_streams_and_reads_share_one_connection() {
    let server = Server::start().await;
    let client = server.http2().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = client.open("GET", &stream_path("my-database", "stopped")).await;
        assert_eq!(stream.version(), Version::HTTP_2);
        let first = stream.body_mut().frame().await.expect("a piece").expect("an unbroken stream");
        assert!(first.into_data().expect("data").starts_with(b"event: state"));
        streams.push(stream);
    }
    assert_eq!(client.get(&read_path("my-database")).await["status"], "running");
    assert_eq!(client.get("/simulator/counters").await["streams"]["open"], 50);
    let log = client.get("/simulator/requests").await;
    assert!(log.as_array().expect("a list").iter().all(|entry| entry["version"] == "HTTP/2.0"), "{log}");
}

#[tokio::test]
async fn a_stream_that_its_client_leaves_is_noticed_and_the_others_go_on() {
    let server = Server::start().await;
    let client = server.http2().await;
    let left = client.open("GET", &stream_path("my-database", "stopped")).await;
    let mut other = client.open("GET", &stream_path("my-app", "paused")).await;
    drop(left);
    eventually(async || {
        let log = client.get("/simulator/requests?cvm=my-database").await;
        (log[0]["ending"] == "client left").then_some(())
    })
    .await;
    other.body_mut().frame().await.expect("a piece").expect("an unbroken stream");
    client.open("POST", "/simulator/cvms/my-app/start").await;
    other.body_mut().frame().await.expect("a piece").expect("an unbroken stream");
}

#[tokio::test]
async fn a_fault_that_cuts_connections_cuts_all_that_is_on_them() {
    let server = Server::start().await;
    let (client, control) = (server.http2().await, server.http2().await);
    let mut streams = [
        client.open("GET", &stream_path("my-database", "stopped")).await,
        client.open("GET", &stream_path("my-app", "paused")).await,
    ];
    let cut = json_of(control.open("POST", "/simulator/cvms/my-database/faults/drop").await).await;
    assert_eq!(cut, json!({ "streams": 1 }));
    for stream in &mut streams {
        eventually(async || stream.body_mut().frame().await.expect("no clean end").err()).await;
    }
}

#[tokio::test]
async fn http_1_goes_over_tls_too_and_by_every_name() {
    let server = Server::start().await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        let io = TokioIo::new(server.connect("http/1.1", name).await);
        let (mut sender, connection) = http1::handshake(io).await.expect("a handshake");
        tokio::spawn(async move { drop(connection.await) });
        let request = Request::get(read_path("my-database")).header("host", "localhost").body(Body::empty());
        let answer = sender.send_request(request.expect("a request")).await.expect("an answer");
        assert_eq!(answer.version(), Version::HTTP_11);
        assert_eq!(json_of(answer).await["status"], "running");
    }
}

#[tokio::test]
async fn plain_http_is_answered_on_the_same_port() {
    let server = Server::start().await;
    let api = Api { port: server.port };
    assert_eq!(api.state("my-database").await["status"], "running");
    server.http2().await.get(&read_path("my-database")).await;
    let versions: Vec<_> = api.log("my-database").await.iter().map(|entry| entry["version"].clone()).collect();
    assert_eq!(versions, ["HTTP/1.1", "HTTP/2.0"]);
}

#[tokio::test]
async fn a_client_that_says_nothing_keeps_no_other_waiting() {
    let server = Server::start().await;
    let _silent = TcpStream::connect(("127.0.0.1", server.port)).await.expect("a connection");
    assert_eq!(server.http2().await.get(&read_path("my-database")).await["status"], "running");
}

//! Forwarding to a real API, for looking at the console page with real CVMs.
//!
//! The key stays in this process: it is sent with forwarded requests and appears nowhere else.

use std::error::Error;
use std::ffi::OsString;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::answer::detail;
use crate::options::KEY_VARIABLE;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Some gateways refuse requests without one.
const USER_AGENT: &str = concat!("cvm-simulator/", env!("CARGO_PKG_VERSION"));
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The headers of an answer that are passed on.
const PASSED_ON: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

type Failure = Box<dyn Error + Send + Sync>;

/// An API to forward to, and the key for it.
#[derive(Clone)]
pub struct Upstream {
    base: Uri,
    host: String,
    key: HeaderValue,
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Upstream {
    /// The API at `url`, which the `key` opens.
    ///
    /// # Errors
    /// A message that says what is wrong with the URL, the key or this machine's certificates.
    pub fn new(url: &str, key: Option<OsString>) -> Result<Self, String> {
        let base = base_url(url)?;
        let host = base.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let tls = if base.scheme() == Some(&Scheme::HTTPS) { Some(tls()?) } else { None };
        Ok(Self { base, host, key: api_key(key)?, tls })
    }

    fn state_url(&self, id: &str, query: Option<&str>) -> String {
        let base = self.base.path().trim_end_matches('/');
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{base}/cvms/{id}/state{query}")
    }

    /// Asks for a CVM's state and hands out the answer as soon as its head is there.
    async fn ask(&self, path: &str, accept: Option<&HeaderValue>) -> Result<hyper::Response<Forwarded>, Failure> {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.connect());
        let (mut sender, connection) = connecting.await.map_err(|_| "connecting took too long")??;
        let mut request = hyper::Request::get(path).header(header::USER_AGENT, USER_AGENT);
        request = request.header(API_KEY, self.key.clone());
        if let Some(authority) = self.base.authority() {
            request = request.header(header::HOST, authority.as_str());
        }
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        let response = sender.send_request(request.body(Body::empty())?).await?;
        Ok(response.map(|body| Forwarded { body, _connection: connection }))
    }

    async fn connect(&self) -> Result<(http1::SendRequest<Body>, OpenConnection), Failure> {
        let port = self.base.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let stream = TcpStream::connect((self.host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                handshake(tls.connect(name, stream).await?).await
            }
        }
    }
}

async fn handshake(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(http1::SendRequest<Body>, OpenConnection), Failure> {
    let (sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    // Its errors reach the sender or the body.
    let driver = tokio::spawn(async move { drop(connection.await) });
    Ok((sender, OpenConnection(driver)))
}

fn base_url(url: &str) -> Result<Uri, String> {
    let wrong = |what: &str| format!("--upstream takes an absolute http or https URL, and this one {what}");
    let base: Uri = url.parse().map_err(|_| wrong("cannot be read"))?;
    if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&base.scheme()) {
        return Err(wrong("is neither"));
    }
    if base.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(wrong("holds a user name or password"));
    }
    if base.query().is_some() {
        return Err(wrong("has a query"));
    }
    Ok(base)
}

fn api_key(key: Option<OsString>) -> Result<HeaderValue, String> {
    let key = key.filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| format!("--upstream needs an API key in the environment variable {KEY_VARIABLE}"))?;
    let key = key.to_str().and_then(|key| HeaderValue::from_str(key).ok());
    let mut key = key.ok_or_else(|| format!("the API key in {KEY_VARIABLE} cannot be sent as a header value"))?;
    key.set_sensitive(true);
    Ok(key)
}

fn tls() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err("--upstream with https needs this machine's root certificates, and none was found".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Forwards a request for a CVM's state.
pub async fn forward(State(upstream): State<Arc<Upstream>>, Path(id): Path<String>, request: Parts) -> Response {
    if !is_plain(&id) {
        let why = "this is no CVM id: letters, digits, hyphens, underscores and dots are forwarded";
        return detail(StatusCode::BAD_REQUEST, why);
    }
    let path = upstream.state_url(&id, request.uri.query());
    match upstream.ask(&path, request.headers.get(header::ACCEPT)).await {
        Ok(answer) if answer.status().is_redirection() => {
            detail(StatusCode::BAD_GATEWAY, "the upstream API redirects, and a key does not follow redirects")
        }
        Ok(answer) => pass_on(answer),
        Err(failure) => detail(StatusCode::BAD_GATEWAY, format!("the upstream API failed: {}", explain(&*failure))),
    }
}

/// Whether an id is one path segment for every server that may read it, however it decodes and normalises paths.
fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) && id.bytes().any(|byte| byte != b'.')
}

fn pass_on(answer: hyper::Response<Forwarded>) -> Response {
    let (head, body) = answer.into_parts();
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        headers.extend(head.headers.get(&name).cloned().map(|value| (name, value)));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = head.status;
    *response.headers_mut() = headers;
    response
}

/// A failure with its causes: the outermost one alone is rarely enough.
fn explain(failure: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(failure), |&cause| cause.source());
    let mut causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.dedup();
    causes.join(": ")
}

/// A connection to the upstream API, closed when it is dropped.
struct OpenConnection(JoinHandle<()>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An upstream answer's body as it arrives. The connection is dropped together with it: otherwise hyper would notice that
/// the client has left only at the body's next bytes.
struct Forwarded {
    body: Incoming,
    _connection: OpenConnection,
}

impl hyper::body::Body for Forwarded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

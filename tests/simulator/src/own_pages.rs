//! Who may use a server that holds a key: the pages that it serves itself, and programs on this machine.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::detail;

const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that other sites make through a browser on this machine. `port` is the server's own.
pub async fn own_pages_only(State(port): State<u16>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let refusal = if !has_own_host(headers) {
        // A foreign name that resolves to this machine: DNS rebinding.
        "this server answers to localhost, 127.0.0.1 and [::1] only"
    } else if !has_own_origin(headers, port) || is_embedded_elsewhere(&request) {
        "this server answers its own pages only"
    } else {
        return next.run(request).await;
    };
    detail(StatusCode::FORBIDDEN, refusal)
}

fn has_own_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => LOOPBACK_HOSTS.contains(&without_port(host)),
        _ => false,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn has_own_origin(headers: &HeaderMap, port: u16) -> bool {
    headers.get_all(header::ORIGIN).iter().all(|origin| {
        let own = LOOPBACK_HOSTS.map(|host| format!("http://{host}:{port}"));
        own.iter().any(|own| own.as_bytes() == origin.as_bytes())
    })
}

/// Whether another site's page asks for the API without an origin, as an image or a frame does. It could read
/// nothing, but it could use up the user's event streams. Links to the pages themselves are allowed.
fn is_embedded_elsewhere(request: &Request) -> bool {
    let site = request.headers().get(SEC_FETCH_SITE);
    request.uri().path().starts_with("/api/") && site.is_some_and(|site| site != "same-origin" && site != "none")
}

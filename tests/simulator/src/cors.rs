//! CORS with credentials, for pages of every origin: the simulated API is open to all of them.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Marks a response that is sent without CORS headers, as a script asks.
#[derive(Clone)]
pub struct WithoutCors;

/// Lets the asking page read every answer, and answers preflights.
pub async fn cors(request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return vary(next.run(request).await);
    };
    let preflight = is_preflight(&request).then(|| allowed(&request));
    let mut response = next.run(request).await;
    if let Some(allowed) = preflight {
        response = (StatusCode::NO_CONTENT, allowed).into_response();
    }
    if response.extensions().get::<WithoutCors>().is_none()
        && !response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
    vary(response)
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn allowed(request: &Request) -> HeaderMap {
    let methods = if request.uri().path().starts_with("/simulator/") { "GET, PUT, POST, DELETE" } else { "GET" };
    let mut allowed = HeaderMap::new();
    allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    if let Some(headers) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
    allowed
}

/// Answers differ by origin, so caches must tell origins apart.
fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

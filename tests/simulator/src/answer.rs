//! Short JSON answers.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// `{"detail": …}`, the shape in which the API tells what is wrong.
pub fn detail(status: StatusCode, detail: impl Serialize) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// A refusal with `Retry-After: 1`.
pub fn detail_with_retry(status: StatusCode, text: &str) -> Response {
    let mut response = detail(status, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The answer to an id that means nothing.
pub fn cvm_not_found() -> Response {
    detail(StatusCode::NOT_FOUND, "CVM not found")
}

/// A request's JSON body, whatever its content type; none at all counts as `{}`.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    let body = if body.is_empty() { b"{}" } else { body };
    match Json::from_bytes(body) {
        Ok(Json(value)) => Ok(value),
        Err(rejection) => Err(Box::new(detail(StatusCode::UNPROCESSABLE_ENTITY, rejection.body_text()))),
    }
}

//! The status line and headers that a test wants an answer to have.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use crate::cors::WithoutCors;
use crate::log::Kind;

/// The status line and headers of an answer. By default they are those of an ordinary one.
#[derive(Clone, Default, Deserialize)]
#[serde(try_from = "PlainHead")]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    headers: HeaderMap,
    /// The headers that would be sent by default and must not be.
    without: Vec<HeaderName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainHead {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Option<Values>>,
}

fn ok() -> u16 {
    200
}

/// One header of a name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

impl TryFrom<PlainHead> for Head {
    type Error = String;

    fn try_from(plain: PlainHead) -> Result<Self, String> {
        let status = StatusCode::from_u16(plain.status).ok().filter(|status| !status.is_informational());
        let status = status.ok_or_else(|| format!("{} is no final status: 200 to 999 are", plain.status))?;
        let mut head = Self { status, ..Self::default() };
        for (name, values) in plain.headers {
            let header: HeaderName = name.parse().map_err(|_| format!("{name:?} is no header name"))?;
            let values = match values {
                None => {
                    head.without.push(header);
                    continue;
                }
                Some(Values::One(value)) => vec![value],
                Some(Values::Several(values)) => values,
            };
            for value in values {
                let value = HeaderValue::from_str(&value).map_err(|_| format!("no header value: {value:?}"))?;
                head.headers.append(&header, value);
            }
        }
        Ok(head)
    }
}

impl Head {
    /// An empty answer with this head; content type and caching are those of an ordinary one unless the head says
    /// otherwise.
    pub fn response(&self, kind: Kind) -> Response {
        let mut response = Response::new(Body::empty());
        let is_stream = kind == Kind::Stream && self.status.is_success();
        let content_type = if is_stream { "text/event-stream" } else { "application/json" };
        if self.has_body() {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        self.apply_to(&mut response);
        response
    }

    /// Gives an answer this head; headers that it does not name stay.
    pub fn apply_to(&self, response: &mut Response) {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.extend(self.headers.clone());
        for name in &self.without {
            headers.remove(name);
        }
        if self.without.contains(&header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            response.extensions_mut().insert(WithoutCors);
        }
    }

    /// Whether an answer of this status has a body.
    pub fn has_body(&self) -> bool {
        !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

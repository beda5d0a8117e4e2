//! A proxy that buffers: it passes a stream on when the stream has ended.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use serde::Deserialize;

use crate::body::written_by;

/// What the proxy holds back until the stream has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Buffering {
    /// The head and the body.
    All,
    /// The body.
    Body,
}

impl Buffering {
    /// Passes an answer on as the proxy does.
    pub async fn pass_on(self, response: Response) -> Response {
        let (head, body) = response.into_parts();
        match self {
            Self::All => Response::from_parts(head, Body::from(whole(body).await)),
            Self::Body => {
                let body = written_by(|writer| async move { writer.send(whole(body).await).await });
                Response::from_parts(head, body)
            }
        }
    }
}

async fn whole(body: Body) -> bytes::Bytes {
    // Bodies here do not fail, and what a test streams fits into memory.
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

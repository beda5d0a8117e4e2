//! Plays a script's steps as the answer to a request.

use std::future;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use crate::body::{Writer, written_by};
use crate::cors::WithoutCors;
use crate::fault::Faults;
use crate::live::Exchange;
use crate::log::Kind;
use crate::script::{Head, Step, Steps, Unrolled};
use crate::terms::Terms;

/// Answers a request with `steps`.
pub async fn play(steps: &Steps, kind: Kind, terms: Terms, exchange: Exchange, faults: Faults) -> Response {
    let mut steps = steps.unroll();
    let Opening { head, body } = open(&mut steps, &exchange).await;
    let response = respond(head.unwrap_or_else(plain_head), kind);
    if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        exchange.served();
        return response;
    }
    response.map(|_| {
        written_by(|writer| async move {
            let rest = go_on(body, steps, &exchange, &writer);
            faults.disturb(Some(&terms), &writer, rest).await;
            exchange.served();
        })
    })
}

/// How an answer begins: its head, if the script gives one, and the first piece of the body, if that came instead.
struct Opening {
    head: Option<Head>,
    body: Option<Bytes>,
}

/// Does the steps before the head.
async fn open(steps: &mut Unrolled, exchange: &Exchange) -> Opening {
    for step in steps.by_ref() {
        match step {
            Step::Respond(head) => return Opening { head: Some(head), body: None },
            Step::Send(piece) | Step::SendBase64(piece) => return Opening { head: None, body: Some(piece) },
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Reset => exchange.reset().await,
            Step::Hold => future::pending().await,
            Step::End | Step::Repeat(_) => break,
        }
    }
    // The script ends without a word: so does the answer.
    *steps = Unrolled::default();
    Opening { head: None, body: None }
}

/// Does the steps after the head.
async fn go_on(body: Option<Bytes>, steps: Unrolled, exchange: &Exchange, writer: &Writer) {
    if let Some(piece) = body {
        writer.send(piece).await;
    }
    for step in steps {
        match step {
            Step::Send(piece) | Step::SendBase64(piece) => writer.send(piece).await,
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Reset => exchange.reset().await,
            Step::Hold => future::pending().await,
            Step::End => return,
            // Neither comes: a second head is refused with the script, and repeats are unrolled.
            Step::Respond(_) | Step::Repeat(_) => {}
        }
    }
}

fn plain_head() -> Head {
    Head { status: StatusCode::OK, headers: HeaderMap::new(), without: Vec::new() }
}

/// The head, with the content type and caching of an ordinary answer unless the script says otherwise.
fn respond(head: Head, kind: Kind) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = head.status;
    let is_stream = kind == Kind::Stream && head.status.is_success();
    let content_type = if is_stream { "text/event-stream" } else { "application/json" };
    let headers = response.headers_mut();
    if head.status != StatusCode::NO_CONTENT && head.status != StatusCode::NOT_MODIFIED {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    headers.extend(head.headers);
    for name in &head.without {
        headers.remove(name);
    }
    if head.without.contains(&header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        response.extensions_mut().insert(WithoutCors);
    }
    response
}

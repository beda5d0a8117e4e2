//! Plays a script's steps as the answer to a request.

use std::future;

use axum::response::Response;
use bytes::Bytes;

use crate::body::{Writer, written_by};
use crate::fault::Faults;
use crate::head::Head;
use crate::live::Exchange;
use crate::log::Kind;
use crate::script::{Step, Steps, Unrolled};
use crate::terms::Terms;

/// Answers a request with `steps`.
pub async fn play(steps: &Steps, kind: Kind, terms: Terms, exchange: Exchange, faults: Faults) -> Response {
    let mut steps = steps.unroll();
    let Opening { head, body } = open(&mut steps, &exchange).await;
    let head = head.unwrap_or_default();
    let response = head.response(kind);
    if !head.has_body() {
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
    // The script ends without sending anything: so does the answer.
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

//! The event stream of an ordinary CVM.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval_at};

use crate::body::Writer;
use crate::cvm::CvmState;
use crate::fleet::Machine;
use crate::sse;
use crate::terms::Terms;

/// Tells every state of the CVM until it has the target status, its boot has failed, it is gone, or the time is over.
pub async fn watch(machine: Arc<Machine>, terms: &Terms, keep_alive: Duration, writer: &Writer) {
    let (mut state, mut changes) = machine.subscribe();
    // After subscribing, so that the stream tells of the start that it causes.
    machine.change(|cvm, now| cvm.watched_for(&terms.target, now));
    let now = Instant::now();
    let mut repeats = interval_at(now + terms.interval, terms.interval);
    let mut keep_alives = interval_at(now + keep_alive, keep_alive);
    loop {
        if machine.is_removed() {
            return writer
                .send(sse::frame("error", &json!({ "error": "CVM not found", "elapsed": terms.elapsed() })))
                .await;
        }
        writer.send(sse::frame("state", &state)).await;
        if let Some(end) = end_after(&state, terms) {
            return writer.send(end).await;
        }
        state = loop {
            tokio::select! {
                biased;
                change = changes.recv() => match change {
                    Ok(state) => break state,
                    // Too far behind, or the CVM is gone: it goes on with the present state.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => break machine.state(),
                },
                () = tokio::time::sleep_until(terms.deadline()) => return writer.send(terms.timeout_event()).await,
                _ = repeats.tick() => break machine.state(),
                _ = keep_alives.tick() => writer.send(sse::KEEP_ALIVE).await,
            }
        };
    }
}

/// Sends the present state of the CVM and no later one, like a connection that is dead without either side noticing.
pub async fn dead(machine: Arc<Machine>, comments: Option<Duration>, writer: &Writer) {
    writer.send(sse::frame("state", &machine.state())).await;
    let Some(pause) = comments else { return pending().await };
    loop {
        tokio::time::sleep(pause).await;
        writer.send(sse::KEEP_ALIVE).await;
    }
}

/// The event that follows `state` and ends the stream, if it is the last one.
fn end_after(state: &CvmState, terms: &Terms) -> Option<bytes::Bytes> {
    let (elapsed, target) = (terms.elapsed(), &terms.target);
    if state.status == *target {
        let status = &state.status;
        return Some(sse::frame("complete", &json!({ "status": status, "elapsed": elapsed, "target": target })));
    }
    let message = state.boot_error.as_ref()?;
    Some(sse::frame("error", &json!({ "error": "boot failed", "message": message, "elapsed": elapsed })))
}

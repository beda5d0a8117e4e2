//! JavaScript's side: the only rooms that name wasm-bindgen.

mod call;
mod errors;
mod json;
#[cfg(not(feature = "std"))]
mod lean;
mod stream;
mod task;
#[cfg(test)]
mod tests;
mod world;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::{ReadRequest, WatchRequest};
use crate::watch::{Progress, read as read_once, watch};

use call::{Call, Callbacks};
use errors::Subject;
use task::{Callback, Outcome, Source, Task};
use world::World;

/// Waits for a CVM to reach a state: what `client.watchCvmState(request, options)` comes down to. Calls `resolve` with the
/// state, or `reject` with one of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = watchCvmState)]
pub fn watch_cvm_state(call: Call, resolve: Callback, reject: Callback) {
    begin(call, resolve, reject, |call| WatchRequest::read(call).map(Request::Watch));
}

/// Reads a CVM's present state: what `client.getCvmState(request, options)` comes down to. As above.
#[wasm_bindgen(js_name = getCvmState)]
pub fn get_cvm_state(call: Call, resolve: Callback, reject: Callback) {
    begin(call, resolve, reject, |call| ReadRequest::read(call).map(Request::Read));
}

/// What a call asks for.
enum Request {
    Watch(WatchRequest),
    Read(ReadRequest),
}

fn begin(call: Call, resolve: Callback, reject: Callback, read: fn(&Call) -> Result<Request, Vec<FieldError>>) {
    let task = Task::new(call, resolve, reject);
    task.start(answer(Rc::clone(&task), read));
}

async fn answer(task: Rc<Task>, read: fn(&Call) -> Result<Request, Vec<FieldError>>) -> Outcome {
    let call = &task.call;
    let request = call.check(read)?;
    let subject = Subject::of(&request);
    let mut progress = Progress::default();
    let outcome = unless_aborted(&task, async {
        let state = match &request {
            Request::Watch(request) => {
                let world =
                    World { task: &task, stream_path: request.stream_path(), read_path: request.id.state_path() };
                let watched = watch(&world, request, &mut progress, &mut Callbacks { call, subject: &subject }).await;
                watched.map_err(|error| subject.failed(&error, &progress, call))
            }
            Request::Read(request) => {
                // It opens no stream.
                let world = World { task: &task, stream_path: String::new(), read_path: request.id.state_path() };
                let state = read_once(&world, request.timeout, &mut progress).await;
                state.map_err(|failure| subject.not_read(&failure, &progress))
            }
        };
        state.map(|state| state.json().clone().into())
    });
    outcome.await.unwrap_or_else(|| Err(subject.aborted(&call.reason(), &progress)))
}

/// What the future gives, unless the signal aborts first. Either way it is dropped, and with it its connection, timers and
/// the signal's listener: before the promise settles.
async fn unless_aborted(task: &Rc<Task>, future: impl Future<Output = Outcome>) -> Option<Outcome> {
    if task.call.is_aborted() {
        return None;
    }
    let mut future = pin!(future);
    let abort = Source::start(task, |tell| task.call.on_abort(tell));
    let outcome = poll_fn(|context| match abort.poll() {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(context).map(Some),
    });
    // The callback may have aborted when it heard the last event.
    outcome.await.filter(|_| !task.call.is_aborted())
}

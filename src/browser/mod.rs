//! JavaScript's side: the only modules that use web-sys, js-sys, gloo-timers and serde-wasm-bindgen.

mod arguments;
mod base_url;
mod body;
mod budgets;
mod call;
mod callbacks;
mod client;
mod clock;
mod context;
mod credentials;
mod endpoint;
mod errors;
mod event_source;
mod fetch;
mod fetch_stream;
mod json;
mod listener;
mod mailbox;
mod memory;
mod signal;
mod timer;
mod value;
mod wake_ups;

use std::panic::set_hook;

use wasm_bindgen::prelude::*;

use crate::caller::Progress;
use crate::read::read;
use crate::request::{ReadRequest, StatesRequest, WatchRequest};
use crate::watch::watch;

use call::Call;
use callbacks::Callbacks;
use context::Context;
use errors::Subject;
use wake_ups::WakeUps;

/// Smaller than the standard library's allocator: 2.1 kB of the compressed module.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Runs once, before anything else.
#[wasm_bindgen(start)]
pub fn start() {
    // A panic ends in a trap, which has no message. So this throws the panic's message before. Either way the instance is not
    // used again (src/js/instance.js).
    set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}

type Outcome = Result<JsValue, JsValue>;

/// Waits for a CVM to reach a state: the implementation of `client.watchCvmState(request, options)`.
///
/// `config`, `request` and `options` are plain copies of what the caller passed (`src/js/index.js` makes them).
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = watchCvmState)]
pub async fn watch_cvm_state(context: Context, config: JsValue, request: JsValue, options: JsValue) -> Outcome {
    let (call, request) = Call::read(context, &config, request, options, WatchRequest::read)?;
    let subject = Subject::watch(&request);
    let endpoint = call.endpoint(&request.id, &request.stream_path(), call.wake_ups());
    let mut callbacks = Callbacks::new(&call, &subject);
    let mut progress = Progress { spent: call.context.spent(), ..Progress::default() };
    let watched = call.unless_aborted(Box::pin(watch(&endpoint, &request, &mut progress, &mut callbacks))).await;
    // Its listeners are removed before the promise settles.
    drop(endpoint);
    match watched {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(error)) => Err(subject.failed(&error, &progress, callbacks.thrown())),
        Err(reason) => Err(subject.aborted(reason, &progress)),
    }
}

/// Reads a CVM's present state: the implementation of `client.getCvmState(request, options)`. The arguments are as above.
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = getCvmState)]
pub async fn get_cvm_state(context: Context, config: JsValue, request: JsValue, options: JsValue) -> Outcome {
    let (call, request) = Call::read(context, &config, request, options, ReadRequest::read)?;
    let subject = Subject::read(&request);
    let endpoint = call.endpoint(&request.id, "", WakeUps::default());
    let mut progress = Progress { spent: call.context.spent(), ..Progress::default() };
    let answered = call.unless_aborted(Box::pin(read(&endpoint, request.timeout, &mut progress))).await;
    match answered {
        Ok(Ok(state)) => Ok(state.json().clone().into()),
        Ok(Err(failure)) => Err(subject.not_read(&failure, &progress)),
        Err(reason) => Err(subject.aborted(reason, &progress)),
    }
}

/// Waits for the next state of an iterator: one step of `client.cvmStates(request)`. `memory` is what the step before
/// returned, and undefined at first; this returns the next memory, whose `lastState` is the state.
///
/// # Errors
/// One of the error classes in `src/js/errors.js`.
#[wasm_bindgen(js_name = nextCvmState)]
pub async fn next_cvm_state(context: Context, config: JsValue, request: JsValue, memory: JsValue) -> Outcome {
    let (call, request) = Call::read(context, &config, request, JsValue::UNDEFINED, StatesRequest::read)?;
    let subject = Subject::states(&request);
    let endpoint = call.endpoint(&request.id, "", call.wake_ups());
    let mut callbacks = Callbacks::new(&call, &subject);
    let mut states = memory::recall(&memory);
    let given = call.unless_aborted(Box::pin(states.next(&endpoint, &request, &mut callbacks))).await;
    drop(endpoint);
    match given {
        Ok(Ok(_)) => Ok(memory::keep(&states)),
        Ok(Err(error)) => Err(subject.failed(&error, &states.progress, callbacks.thrown())),
        Err(reason) => Err(subject.aborted(reason, &states.progress)),
    }
}

#[cfg(test)]
mod tests;

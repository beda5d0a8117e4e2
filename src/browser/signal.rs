//! The caller's `AbortSignal`.

use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use super::task::{Callback, Source, Task};

#[wasm_bindgen]
extern "C" {
    /// An abort signal, of any frame.
    #[derive(Clone)]
    pub type AbortSignal;
    #[wasm_bindgen(method, getter, structural)]
    pub fn aborted(this: &AbortSignal) -> bool;
    /// Why it has aborted: the very value that its controller was given.
    #[wasm_bindgen(method, getter, structural)]
    pub fn reason(this: &AbortSignal) -> JsValue;
}

#[wasm_bindgen(module = "/src/js/sources.js")]
extern "C" {
    #[wasm_bindgen(js_name = onAbort)]
    fn on_abort(signal: &AbortSignal, tell: &JsValue) -> Callback;
}

/// Waits until the signal aborts: for ever, if there is none. The listener leaves with the future.
pub async fn aborted(task: &Rc<Task>, signal: Option<&AbortSignal>) {
    let Some(signal) = signal else { return core::future::pending().await };
    if !signal.aborted() {
        Source::start(task, |tell| on_abort(signal, tell)).next().await;
    }
}

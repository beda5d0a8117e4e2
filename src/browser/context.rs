//! What a call has besides its arguments.

use std::time::Duration;

use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, EventTarget};

use crate::duration::milliseconds;

#[wasm_bindgen]
extern "C" {
    /// An object of ours: `src/js/instance.js` makes it.
    pub type Context;

    /// The caller's signal, or one that never aborts.
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &Context) -> AbortSignal;

    /// Where to listen for its abort.
    #[wasm_bindgen(method, getter)]
    pub fn aborts(this: &Context) -> EventTarget;

    /// The page whose events wake a watch, if there is one.
    #[wasm_bindgen(method, getter)]
    pub fn page(this: &Context) -> Option<EventTarget>;

    #[wasm_bindgen(method, getter, js_name = spent)]
    fn spent_milliseconds(this: &Context) -> f64;
}

impl Context {
    /// How long the call has waited for the module.
    pub fn spent(&self) -> Duration {
        milliseconds(self.spent_milliseconds())
    }
}

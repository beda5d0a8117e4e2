//! An event listener that leaves when it is dropped.
//!
//! Not gloo's: that asks for options (`passive`) which workerd's event targets refuse by throwing.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// Listens until it is dropped.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `callback` with every event of that kind.
    pub fn new(target: &EventTarget, kind: &'static str, callback: impl FnMut(Event) + 'static) -> Self {
        let listener = Self { target: target.clone(), kind, callback: Closure::new(callback) };
        // It throws for options only, and there are none.
        let _ = target.add_event_listener_with_callback(kind, listener.function());
        listener
    }

    fn function(&self) -> &js_sys::Function {
        self.callback.as_ref().unchecked_ref()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.kind, self.function());
    }
}

//! An event listener that is removed when it is dropped.
//!
//! Not gloo-events': that passes the option `passive`, for which workerd's event targets throw.

use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

/// Listens until it is dropped.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    callback: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Calls `callback` with every event of that kind.
    pub fn new(target: &EventTarget, kind: &'static str, callback: impl FnMut(JsValue) + 'static) -> Self {
        let listener = Self { target: target.clone(), kind, callback: Closure::new(callback) };
        // The targets used here do not throw; and without the listener a watch still has its timeout.
        let _ = target.add_event_listener_with_callback(kind, listener.callback.as_ref().unchecked_ref());
        listener
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.kind, callback);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::Event;

    use super::*;

    #[wasm_bindgen_test]
    fn it_listens_until_it_is_dropped() {
        let target = web_sys::AbortController::new().unwrap().signal();
        let count = Rc::new(Cell::new(0));
        let listener = {
            let count = Rc::clone(&count);
            Listener::new(&target, "ping", move |_| count.set(count.get() + 1))
        };
        let ping = || target.dispatch_event(&Event::new("ping").unwrap()).unwrap();
        ping();
        ping();
        assert_eq!(count.get(), 2);
        drop(listener);
        ping();
        assert_eq!(count.get(), 2);
    }
}

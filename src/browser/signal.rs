//! Abort signals: the caller's as a future, and our own for requests.

use futures_channel::oneshot;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal, EventTarget};

use super::listener::Listener;
use super::value::field;

/// Waits until the signal aborts, which `events` tells. The listener is removed when the future is dropped.
pub async fn aborted(signal: &AbortSignal, events: &EventTarget) {
    if signal.aborted() {
        return;
    }
    let (abort, aborted) = oneshot::channel();
    let mut abort = Some(abort);
    let _listener = Listener::new(events, "abort", move |_| {
        let _ = abort.take().map(|abort| abort.send(()));
    });
    // The channel cannot close before: the listener holds its sender, and lives as long as this future.
    let _ = aborted.await;
}

/// Why the signal has aborted: the same value that its controller was given.
pub fn reason(signal: &AbortSignal) -> JsValue {
    field(signal, "reason")
}

/// An abort signal of our own, which aborts when this is dropped.
pub struct AbortOnDrop(AbortController);

impl AbortOnDrop {
    /// Makes one.
    ///
    /// # Errors
    /// What the platform's constructor throws.
    pub fn new() -> Result<Self, JsValue> {
        AbortController::new().map(Self)
    }

    pub fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    async fn a_signal_wakes_the_future_when_it_aborts() {
        let controller = AbortController::new().unwrap();
        let signal = controller.signal();
        let mut aborted = pin!(aborted(&signal, &signal));
        assert_eq!(aborted.as_mut().now_or_never(), None);
        controller.abort_with_reason(&"enough".into());
        aborted.await;
        assert_eq!(reason(&signal), "enough");
    }

    #[wasm_bindgen_test]
    async fn a_signal_that_has_aborted_before_is_done_at_once() {
        let controller = AbortController::new().unwrap();
        controller.abort();
        assert_eq!(aborted(&controller.signal(), &controller.signal()).now_or_never(), Some(()));
    }

    #[wasm_bindgen_test]
    fn abort_on_drop_aborts_on_drop() {
        let abort = AbortOnDrop::new().unwrap();
        let signal = abort.signal();
        assert!(!signal.aborted());
        drop(abort);
        assert!(signal.aborted());
    }
}

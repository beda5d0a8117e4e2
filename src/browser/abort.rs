//! An `AbortSignal` as a future.

use futures_channel::oneshot;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

use super::listener::Listener;

/// Waits until the signal aborts: for ever, if there is none. The listener leaves with the future.
pub async fn aborted(signal: Option<&AbortSignal>) {
    let Some(signal) = signal else { return std::future::pending().await };
    if signal.aborted() {
        return;
    }
    let (abort, aborted) = oneshot::channel();
    let mut abort = Some(abort);
    let _listener = Listener::new(signal, "abort", move |_| {
        let _ = abort.take().map(|abort| abort.send(()));
    });
    // It cannot be cancelled: the listener, which is as old, holds the other end.
    let _ = aborted.await;
}

/// Why the signal has aborted: the very value that its controller was given.
pub fn reason(signal: &AbortSignal) -> JsValue {
    Reflect::get(signal, &"reason".into()).unwrap_or_default()
}

/// An abort signal of our own, which aborts when this is dropped.
pub struct AbortOnDrop(AbortController);

impl AbortOnDrop {
    pub fn new() -> Self {
        Self(AbortController::new().expect("a constructor without arguments"))
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
        let mut aborted = pin!(aborted(Some(&signal)));
        assert_eq!(aborted.as_mut().now_or_never(), None);
        controller.abort();
        aborted.await;
    }

    #[wasm_bindgen_test]
    async fn a_signal_that_has_aborted_before_is_done_at_once() {
        let controller = AbortController::new().unwrap();
        controller.abort();
        assert_eq!(aborted(Some(&controller.signal())).now_or_never(), Some(()));
    }

    #[wasm_bindgen_test]
    async fn no_signal_never_aborts() {
        assert_eq!(aborted(None).now_or_never(), None);
    }

    #[wasm_bindgen_test]
    fn abort_on_drop_aborts_on_drop() {
        let abort = AbortOnDrop::new();
        let signal = abort.signal();
        assert!(!signal.aborted());
        drop(abort);
        assert!(signal.aborted());
    }
}

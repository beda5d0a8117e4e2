//! Time.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;

use crate::retry::LONGEST_DELAY;

/// Waits. The timer is cleared when the future is dropped.
pub fn sleep(duration: Duration) -> TimeoutFuture {
    // gloo-timers casts to i32: a longer time than that would be over at once.
    let milliseconds = duration.min(LONGEST_DELAY).as_millis();
    TimeoutFuture::new(u32::try_from(milliseconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::{Either, select};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    async fn a_shorter_time_is_over_before_a_longer_one() {
        let first = select(sleep(Duration::from_secs(600)), sleep(Duration::from_millis(1))).await;
        assert!(matches!(first, Either::Right(_)));
    }

    #[wasm_bindgen_test]
    async fn the_longest_time_is_not_over_at_once() {
        let mut longest = sleep(Duration::MAX);
        sleep(Duration::from_millis(20)).await;
        assert_eq!((&mut longest).now_or_never(), None);
    }
}

//! What time it is. Both clocks are looked up at each call: a test may have replaced them.

use std::time::Duration;

use js_sys::Date;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now, catch)]
    fn performance_now() -> Result<f64, JsValue>;
}

/// A clock that never goes back; on a platform without one, that on the wall.
pub fn now() -> Duration {
    duration(performance_now().unwrap_or_else(|_| Date::now()))
}

/// The clock on the wall, since 1970. It may jump.
pub fn wall_clock() -> Duration {
    duration(Date::now())
}

/// To the microsecond. A negative number and NaN become zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is as it should be")]
fn duration(milliseconds: f64) -> Duration {
    Duration::from_micros((milliseconds * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_clocks_tell_the_time() {
        let (before, at) = (now(), wall_clock());
        assert!(now() >= before);
        // The year 2020.
        assert!(at > Duration::from_secs(50 * 365 * 24 * 3600));
    }
}

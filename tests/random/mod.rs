//! What the simulation and the fuzzers share: numbers from the environment, and panics that are reported once.

use std::cell::{Cell, RefCell};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A number from an environment variable.
pub fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number, but is {text:?}"))
    })
}

/// The function's result, or the place and the message of its panic. Nothing is printed: making a failing input smaller
/// panics hundreds of times, and the report of the failure must come first.
pub fn catch<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if CATCHING.get() {
                // Its first line is the place.
                MESSAGE.set(panic.to_string().replacen('\n', " ", 1));
            } else {
                print(panic);
            }
        }));
    });
    CATCHING.set(true);
    let result = catch_unwind(AssertUnwindSafe(function));
    CATCHING.set(false);
    result.map_err(|_| MESSAGE.take())
}

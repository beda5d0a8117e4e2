//! What a panic says.

use std::panic::set_hook;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    #[wasm_bindgen(js_name = notePanic)]
    fn note_panic(message: &str);
}

/// A panic ends in a trap, which says nothing. This tells JavaScript where it was and why: the trap that follows is caught
/// in `src/js/instance.js`, which makes an error of both.
pub fn tell_javascript() {
    set_hook(Box::new(|info| note_panic(&info.to_string())));
}

//! What JavaScript throws: anything.

use alloc::string::String;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/thrown.js")]
extern "C" {
    /// The message of something thrown.
    #[wasm_bindgen(js_name = messageOf)]
    pub fn message_of(thrown: &JsValue) -> String;

    /// The name of something thrown.
    #[wasm_bindgen(js_name = nameOf)]
    pub fn name_of(thrown: &JsValue) -> String;
}

//! What JavaScript throws: anything.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// The message of something thrown; with the system's code of its cause, which says more than Node's "fetch failed".
pub fn message_of(error: &JsValue) -> String {
    let message = text(error, "message").or_else(|| error.as_string()).unwrap_or_else(|| "an unknown error".into());
    let cause = Reflect::get(error, &"cause".into()).unwrap_or_default();
    match text(&cause, "code") {
        Some(code) => format!("{message} ({code})"),
        None => message,
    }
}

/// The name of something thrown.
pub fn name_of(error: &JsValue) -> String {
    text(error, "name").unwrap_or_else(|| "no error, but something else".into())
}

fn text(value: &JsValue, field: &str) -> Option<String> {
    Reflect::get(value, &field.into()).ok()?.as_string()
}

//! Values from outside, recognised by their fields and methods.
//!
//! A platform, a test environment or a page can replace `fetch`, `Response`, `EventSource` or byte arrays with objects that
//! are no instances of this realm's classes: jsdom, happy-dom, Jest and undici have classes of their own. So no
//! module asks `instanceof` (`dyn_into`, `has_type`): each reads the fields that it needs, and calls the methods that it
//! needs. Reading a field or calling a method may run foreign code, which may throw. An exception that passes through Rust's
//! frames runs none of their destructors, so everything here catches it.

use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The value of a field; undefined if there is none, if it cannot be read, and if the value has no fields.
pub fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or_default()
}

/// A field, if it holds a string.
pub fn text(value: &JsValue, name: &str) -> Option<String> {
    field(value, name).as_string()
}

/// A field of the global object: whatever stands there now, since tests and pages replace some of them.
pub fn global(name: &str) -> JsValue {
    field(&js_sys::global(), name)
}

/// Awaits what a call gave, as JavaScript's `await` does: a promise, something else with a `then`, or a plain value.
///
/// # Errors
/// What the call threw, or the promise was rejected with.
pub fn settled(called: Result<JsValue, JsValue>) -> JsFuture {
    JsFuture::from(called.map_or_else(|thrown| Promise::reject(&thrown), |given| Promise::resolve(&given)))
}

/// Ignores the result of a call. A promise that rejects is not reported as unhandled.
pub fn ignore(called: Result<JsValue, JsValue>) {
    // A future that is dropped stays subscribed to its promise.
    drop(settled(called));
}

/// The bytes of a typed array or a `DataView` of any realm; `None` for anything else.
pub fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    if !ArrayBuffer::is_view(value) {
        return None;
    }
    let [offset, length] = ["byteOffset", "byteLength"].map(|name| field(value, name).as_f64());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of memory, whole numbers")]
    let (offset, length) = (offset? as u32, length? as u32);
    Some(Uint8Array::new_with_byte_offset_and_length(&field(value, "buffer"), offset, length).to_vec())
}

/// The message of something thrown; with the system's code of its cause, which says more than Node's "fetch failed".
pub fn message_of(thrown: &JsValue) -> String {
    let message = text(thrown, "message").or_else(|| thrown.as_string()).unwrap_or_else(|| "an unknown error".into());
    match text(&field(thrown, "cause"), "code") {
        Some(code) => format!("{message} ({code})"),
        None => message,
    }
}

/// The name of something thrown.
pub fn name_of(thrown: &JsValue) -> String {
    text(thrown, "name").unwrap_or_else(|| "no error, but something else".into())
}

#[cfg(test)]
mod tests {
    use js_sys::{Array, DataView, Function, Object};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn js(expression: &str) -> JsValue {
        Function::new_no_args(&format!("return {expression}")).call0(&JsValue::UNDEFINED).unwrap()
    }

    #[wasm_bindgen_test]
    fn a_field_that_cannot_be_read_is_undefined() {
        for value in ["undefined", "null", "7", "{ get status() { throw 1 } }", "new Proxy({}, { get() { throw 1 } })"]
        {
            assert_eq!(field(&js(value), "status"), JsValue::UNDEFINED, "{value}");
        }
        assert_eq!(field(&js("{ status: 7 }"), "status"), 7);
    }

    #[wasm_bindgen_test]
    async fn promises_thenables_and_plain_values_are_awaited() {
        for value in ["Promise.resolve(7)", "({ then(done) { done(7) } })", "7"] {
            assert_eq!(settled(Ok(js(value))).await.unwrap(), 7, "{value}");
        }
        for value in ["Promise.reject(7)", "({ then(_, fail) { fail(7) } })", "({ then() { throw 7 } })"] {
            assert_eq!(settled(Ok(js(value))).await.unwrap_err(), 7, "{value}");
        }
        assert_eq!(settled(Err(7.into())).await.unwrap_err(), 7);
    }

    /// A frame has classes of its own, as jsdom and Jest have.
    #[wasm_bindgen_test]
    fn bytes_of_any_view_in_any_realm_are_taken() {
        let frame = "const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;";
        let foreign = |expression: &str| js(&format!("(() => {{ {frame} return {expression} }})()"));
        for (value, expected) in [
            (js("new Uint8Array([1, 2, 3])"), &[1, 2, 3][..]),
            (js("new Uint8Array([1, 2, 3]).subarray(1)"), &[2, 3]),
            (js("new Uint16Array([1, 2]).subarray(1)"), &[2, 0]),
            (foreign("new frame.Uint8Array([1, 2, 3]).subarray(1, 2)"), &[2]),
            (foreign("new frame.DataView(new frame.Uint8Array([1, 2]).buffer)"), &[1, 2]),
        ] {
            assert_eq!(bytes(&value).as_deref(), Some(expected));
        }
        let view = DataView::new(&ArrayBuffer::new(2), 1, 1);
        assert_eq!(bytes(&view), Some(vec![0]));
        for other in [JsValue::from("text"), Array::of1(&1.into()).into(), Object::new().into(), JsValue::UNDEFINED] {
            assert_eq!(bytes(&other), None);
        }
    }

    #[wasm_bindgen_test]
    fn whatever_is_thrown_has_a_message_and_a_name() {
        for (thrown, message, name) in [
            ("new TypeError('no')", "no", "TypeError"),
            ("new Error('fetch failed', { cause: { code: 'ECONNREFUSED' } })", "fetch failed (ECONNREFUSED)", "Error"),
            ("'no'", "no", "no error, but something else"),
            ("undefined", "an unknown error", "no error, but something else"),
            ("{ get message() { throw 1 } }", "an unknown error", "no error, but something else"),
        ] {
            let thrown = js(&format!("({thrown})"));
            assert_eq!((message_of(&thrown).as_str(), name_of(&thrown).as_str()), (message, name));
        }
    }
}

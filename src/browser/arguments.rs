//! What the caller wrote, read from JavaScript objects.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::{Arguments, Given};
use crate::text::concat;

use super::json::get;
use super::signal::AbortSignal;

#[wasm_bindgen(module = "/src/js/show.js")]
extern "C" {
    /// A value as an error message shows it.
    pub fn show(value: &JsValue) -> String;
}

#[wasm_bindgen(module = "/src/js/signal.js")]
extern "C" {
    #[wasm_bindgen(js_name = isSignal)]
    fn is_signal(value: &JsValue) -> bool;
}

/// A plain object of arguments; or nothing, which has no fields either.
#[derive(Default)]
pub struct JsArguments(JsValue);

impl JsArguments {
    /// Takes an argument that must be an object.
    pub fn required(field: &'static str, value: JsValue, errors: &mut Vec<FieldError>) -> Option<Self> {
        if value.is_object() {
            return Some(Self(value));
        }
        errors.push(FieldError { field, message: concat(&["must be an object, but is ", &show(&value)]) });
        None
    }

    /// Takes an argument that may be left out.
    pub fn optional(field: &'static str, value: JsValue, errors: &mut Vec<FieldError>) -> Self {
        if value.is_undefined() { Self(value) } else { Self::required(field, value, errors).unwrap_or_default() }
    }

    /// What stands in a field. The object is a plain copy (see `src/js/index.js`), so no getter can throw.
    pub fn value(&self, field: &str) -> JsValue {
        get(&self.0, field)
    }

    /// A field that is true or false; false by default.
    pub fn flag(&self, field: &'static str, errors: &mut Vec<FieldError>) -> bool {
        let value = self.value(field);
        if !value.is_undefined() && value.as_bool().is_none() {
            errors.push(self.refuse(field, "true or false"));
        }
        value.is_truthy()
    }

    /// The function in a field, if there is one.
    pub fn callable(&self, field: &str) -> Option<JsValue> {
        Some(self.value(field)).filter(JsValue::is_function)
    }

    /// A field that may hold a function.
    pub fn function(&self, field: &'static str, errors: &mut Vec<FieldError>) -> Option<JsValue> {
        let function = self.callable(field);
        if function.is_none() && !self.value(field).is_undefined() {
            errors.push(self.refuse(field, "a function"));
        }
        function
    }

    /// A field that may hold an abort signal.
    pub fn signal(&self, field: &'static str, errors: &mut Vec<FieldError>) -> Option<AbortSignal> {
        let value = self.value(field);
        if is_signal(&value) {
            return Some(value.unchecked_into());
        }
        // `null` is what `fetch` takes for no signal, too.
        if !value.is_undefined() && !value.is_null() {
            errors.push(self.refuse(field, "an AbortSignal"));
        }
        None
    }
}

impl Arguments for JsArguments {
    fn get(&self, field: &str) -> Given {
        let value = self.value(field);
        if value.is_undefined() {
            Given::Absent
        } else if let Some(text) = value.as_string() {
            Given::Text(text)
        } else if value.is_function() {
            Given::Function
        } else {
            value.as_f64().map_or(Given::Other, Given::Number)
        }
    }

    fn show(&self, field: &str) -> String {
        show(&self.value(field))
    }
}

#[cfg(test)]
mod tests {
    use js_sys::{Array, BigInt, Function, Object, Reflect, Symbol};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn values_are_shown_short_and_without_what_is_inside_them() {
        let object = Object::new();
        Reflect::set(&object, &"apiKey".into(), &"secret".into()).unwrap();
        for (value, shown) in [
            (JsValue::from("5"), "\"5\""),
            (JsValue::from("\"\n"), r#""\"\n""#),
            (JsValue::from(5.5), "5.5"),
            (JsValue::from(f64::NAN), "NaN"),
            (JsValue::NULL, "null"),
            (JsValue::UNDEFINED, "undefined"),
            (JsValue::TRUE, "true"),
            (object.into(), "an object"),
            (Array::new().into(), "an array"),
            (Function::new_no_args("").into(), "a function"),
            (BigInt::from(5).into(), "5n"),
            (Symbol::for_("x").into(), "Symbol(x)"),
        ] {
            assert_eq!(show(&value), shown);
        }
        assert!(show(&"x".repeat(1000).into()).len() < 100);
    }

    #[wasm_bindgen_test]
    fn a_signal_must_be_a_real_one() {
        let read = |signal: JsValue| {
            let object = Object::new();
            Reflect::set(&object, &"signal".into(), &signal).unwrap();
            let mut errors = Vec::new();
            let signal = JsArguments(object.into()).signal("signal", &mut errors);
            (signal.map(JsValue::from), errors.len())
        };
        let signal = JsValue::from(web_sys::AbortController::new().unwrap().signal());
        assert_eq!(read(signal.clone()), (Some(signal), 0));
        assert_eq!(read(JsValue::NULL), (None, 0));
        assert_eq!(read(JsValue::UNDEFINED), (None, 0));
        for other in [JsValue::TRUE, Object::new().into(), js_sys::global().into()] {
            assert_eq!(read(other), (None, 1));
        }
    }
}

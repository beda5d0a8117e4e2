//! What the caller wrote, read from JavaScript objects.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::error::FieldError;
use crate::request::{Arguments, Given};

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

/// A plain object of arguments.
pub struct JsArguments(Object);

impl Default for JsArguments {
    fn default() -> Self {
        Self(Object::new())
    }
}

impl JsArguments {
    /// Takes an argument that must be an object.
    pub fn required(field: &'static str, value: JsValue) -> Result<Self, Vec<FieldError>> {
        if value.is_object() {
            return Ok(Self(value.unchecked_into()));
        }
        Err(vec![FieldError { field, message: format!("must be an object, but is {}", show(&value)) }])
    }

    /// Takes an argument that may be left out.
    pub fn optional(field: &'static str, value: JsValue) -> Result<Self, Vec<FieldError>> {
        if value.is_undefined() { Ok(Self::default()) } else { Self::required(field, value) }
    }

    /// What stands in a field. The object is a plain copy (see `src/js/index.js`), so no getter can throw.
    pub fn value(&self, field: &str) -> JsValue {
        Reflect::get(&self.0, &field.into()).unwrap_or_default()
    }

    /// A field that is true or false; false by default.
    pub fn flag(&self, field: &'static str) -> Result<bool, Vec<FieldError>> {
        let value = self.value(field);
        if value.is_undefined() {
            return Ok(false);
        }
        value.as_bool().ok_or_else(|| vec![self.refuse(field, "true or false")])
    }

    /// A field that may hold a function.
    pub fn function(&self, field: &'static str) -> Result<Option<Function>, Vec<FieldError>> {
        let value = self.value(field);
        if value.is_undefined() {
            return Ok(None);
        }
        value.dyn_into().map(Some).map_err(|_| vec![self.refuse(field, "a function")])
    }

    /// A field that may hold an abort signal.
    pub fn signal(&self, field: &'static str) -> Result<Option<AbortSignal>, Vec<FieldError>> {
        let value = self.value(field);
        // `null` is what `fetch` takes for no signal, too.
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        if is_signal(&value) {
            return Ok(Some(value.unchecked_into()));
        }
        Err(vec![self.refuse(field, "an AbortSignal")])
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
    use js_sys::{Array, BigInt, Symbol};
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
        let arguments = |signal: JsValue| {
            let object = Object::new();
            Reflect::set(&object, &"signal".into(), &signal).unwrap();
            JsArguments(object).signal("signal")
        };
        let signal = web_sys::AbortController::new().unwrap().signal();
        assert_eq!(arguments(signal.clone().into()), Ok(Some(signal)));
        assert_eq!(arguments(JsValue::NULL), Ok(None));
        assert_eq!(arguments(JsValue::UNDEFINED), Ok(None));
        for other in [JsValue::TRUE, Object::new().into(), js_sys::global().into()] {
            arguments(other).expect_err("not a signal");
        }
    }
}

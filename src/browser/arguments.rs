//! The caller's arguments, read from JavaScript objects.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use crate::error::FieldError;
use crate::request::{Arguments, Check, Given};

use super::value::field;

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// A value as an error message shows it.
    pub fn show(value: &JsValue) -> String;
    #[wasm_bindgen(js_name = isSignal)]
    fn is_signal(value: &JsValue) -> bool;
    /// A copy of a value that is an array, and can be read.
    #[wasm_bindgen(js_name = listOf)]
    fn list_of(value: &JsValue) -> Option<Array>;
}

/// An object of arguments.
#[derive(Clone)]
pub struct JsArguments(Object);

impl Default for JsArguments {
    fn default() -> Self {
        Self(Object::new())
    }
}

impl JsArguments {
    /// Takes an argument that must be an object.
    pub fn required(name: &'static str, value: JsValue, errors: &mut Vec<FieldError>) -> Option<Self> {
        if value.is_object() {
            return Some(Self(value.unchecked_into()));
        }
        errors.push(FieldError { field: name, message: format!("must be an object, but is {}", show(&value)) });
        None
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> JsValue {
        field(&self.0, name)
    }
}

impl Check<'_, JsArguments> {
    /// A field that may hold a function; undefined if it does not.
    pub fn js_function(&mut self, name: &'static str) -> JsValue {
        if self.function(name) { self.arguments.value(name) } else { JsValue::UNDEFINED }
    }

    /// A field that may hold an abort signal.
    pub fn signal(&mut self, name: &'static str) {
        let value = self.arguments.value(name);
        // `null` is what `fetch` takes for no signal, too.
        if !(value.is_undefined() || value.is_null() || is_signal(&value)) {
            self.refuse(name, "an AbortSignal");
        }
    }
}

impl Arguments for JsArguments {
    fn get(&self, name: &str) -> Given {
        given(&self.value(name))
    }

    fn show(&self, name: &str) -> String {
        show(&self.value(name))
    }
}

fn given(value: &JsValue) -> Given {
    if value.is_undefined() {
        return Given::Absent;
    }
    if value.is_null() {
        return Given::Null;
    }
    if value.is_function() {
        return Given::Function;
    }
    let text = || value.as_string().map(Given::Text);
    let number = || value.as_f64().map(Given::Number);
    let flag = || value.as_bool().map(Given::Flag);
    let list = || list_of(value).map(|list| Given::List(list.iter().map(|item| given(&item)).collect()));
    text().or_else(number).or_else(flag).or_else(list).unwrap_or(Given::Other)
}

#[cfg(test)]
mod tests {
    use js_sys::{BigInt, Function, Reflect, Symbol};
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
    fn a_signal_is_known_by_what_it_can_do() {
        let check = |expression: &str| {
            let signal = Function::new_no_args(&format!("return {expression}")).call0(&JsValue::UNDEFINED).unwrap();
            let object = Object::new();
            Reflect::set(&object, &"signal".into(), &signal).unwrap();
            let mut errors = Vec::new();
            Check { arguments: &JsArguments(object), errors: &mut errors }.signal("signal");
            errors
        };
        for signal in [
            "undefined",
            "null",
            "new AbortController().signal",
            "AbortSignal.timeout(1000)",
            "({ aborted: false, addEventListener() {}, removeEventListener() {} })",
        ] {
            assert_eq!(check(signal), [], "{signal}");
        }
        for other in ["true", "{}", "globalThis", "({ aborted: 0, addEventListener() {} })", "({ aborted: true })"] {
            assert_eq!(check(other).len(), 1, "{other}");
        }
    }
}

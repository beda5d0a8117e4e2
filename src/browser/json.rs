//! JavaScript's own values as the core's JSON.

use js_sys::{Array, JSON, JsString};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::caller::Progress;
use crate::json::Json;

use super::value::{field, message_of};

#[wasm_bindgen]
extern "C" {
    // js-sys takes a `&str` here: the text would be copied into WebAssembly and out again.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    fn parse(text: &JsString) -> Result<JsValue, JsValue>;
}

/// What `JSON.parse` returned, or an equivalent value.
#[derive(Clone, Debug)]
pub struct JsJson(JsValue);

/// The same JSON text.
impl PartialEq for JsJson {
    fn eq(&self, other: &Self) -> bool {
        let text = |json: &Self| JSON::stringify(&json.0).ok();
        self.0 == other.0 || text(self) == text(other)
    }
}

/// The last state that the server told, or undefined.
pub fn last_state(progress: &Progress<JsJson>) -> JsValue {
    progress.last_state.as_ref().map(|state| state.json().clone().into()).unwrap_or_default()
}

impl AsRef<JsValue> for JsJson {
    fn as_ref(&self) -> &JsValue {
        &self.0
    }
}

impl From<JsValue> for JsJson {
    fn from(value: JsValue) -> Self {
        Self(value)
    }
}

impl From<JsJson> for JsValue {
    fn from(json: JsJson) -> Self {
        json.0
    }
}

impl Json for JsJson {
    type Text = JsString;

    fn parse(text: JsString) -> Result<Self, String> {
        parse(&text).map(Self).map_err(|error| message_of(&error))
    }

    fn of(value: &impl Serialize) -> Self {
        Self(serde_wasm_bindgen::to_value(value).unwrap_or_default())
    }

    fn get(&self, name: &str) -> Option<Self> {
        Some(field(&self.0, name)).filter(|value| !value.is_undefined()).map(Self)
    }

    fn items(&self) -> Option<Vec<Self>> {
        Array::is_array(&self.0).then(|| self.0.unchecked_ref::<Array>().iter().map(Self).collect())
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::event::MadePayload;

    use super::*;

    fn json(text: &str) -> JsJson {
        JsJson::parse(text.into()).unwrap()
    }

    #[wasm_bindgen_test]
    fn fields_items_and_text_are_read() {
        let value = json(r#"{"status":"running","list":[1,"two"],"none":null}"#);
        assert_eq!(value.get("status").unwrap().text().as_deref(), Some("running"));
        assert_eq!(value.get("list").unwrap().items().unwrap()[1].text().as_deref(), Some("two"));
        assert!(value.get("none").is_some());
        assert!(value.get("nothing").is_none());
        for other in ["null", "7", r#""text""#, "[]"] {
            assert!(json(other).get("status").is_none(), "{other}");
        }
        assert!(JsJson::parse("{".into()).is_err());
    }

    #[wasm_bindgen_test]
    fn values_are_equal_if_their_texts_are() {
        for (one, other, are_equal) in [
            ("1", "1", true),
            (r#"{"a":[1]}"#, r#"{"a":[1]}"#, true),
            ("null", "0", false),
            (r#"{"a":1}"#, "{}", false),
        ] {
            assert_eq!(json(one) == json(other), are_equal, "{one} {other}");
        }
        assert!(json("null").is_null());
    }

    #[wasm_bindgen_test]
    fn words_are_found_wherever_a_server_puts_them() {
        for (payload, words) in [
            (r#""text""#, Some("text")),
            (r#"{"message":"one","error":"two"}"#, Some("one")),
            (r#"{"message":"","error":"two"}"#, Some("two")),
            (r#"[{"msg":"one"},7,"two"]"#, Some("one; two")),
            ("[]", None),
            ("null", None),
            (r#"{"message":7}"#, None),
        ] {
            assert_eq!(json(payload).words().as_deref(), words, "{payload}");
        }
    }

    #[wasm_bindgen_test]
    fn what_is_made_here_is_a_plain_object_without_what_it_lacks() {
        let made = JsJson::of(&MadePayload { error: "no", elapsed: Some(1.5), target: None });
        assert_eq!(js_sys::JSON::stringify(made.as_ref()).unwrap(), r#"{"error":"no","elapsed":1.5}"#);
    }
}

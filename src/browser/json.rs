//! JavaScript's own values as the core's JSON.

use js_sys::{Array, JsString, Reflect};
use wasm_bindgen::prelude::*;

use crate::json::Json;

use super::thrown::message_of;

#[wasm_bindgen]
extern "C" {
    // js-sys takes a `&str` here: the text would be copied into WebAssembly and out again.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    fn parse(text: &JsString) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/js/json.js")]
extern "C" {
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(value: &JsValue, name: &JsString) -> Option<String>;
}

thread_local! {
    /// The field that every state is asked for: made JavaScript's once, and not for every event.
    static STATUS: JsString = "status".into();
}

/// What `JSON.parse` gave, or what stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct JsJson(JsValue);

impl From<JsJson> for JsValue {
    fn from(json: JsJson) -> Self {
        json.0
    }
}

impl Json for JsJson {
    type Text = JsString;

    fn parse(text: &JsString) -> Result<Self, String> {
        parse(text).map(Self).map_err(|error| message_of(&error))
    }

    fn of(value: &impl serde::Serialize) -> Self {
        Self(serde_wasm_bindgen::to_value(value).unwrap_or_default())
    }

    fn get(&self, name: &str) -> Option<Self> {
        // Throws for what is no object.
        Reflect::get(&self.0, &name.into()).ok().filter(|value| !value.is_undefined()).map(Self)
    }

    fn items(&self) -> Option<Vec<Self>> {
        Array::is_array(&self.0).then(|| Array::from(&self.0).iter().map(Self).collect())
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn text(&self, name: &str) -> Option<String> {
        if name == "status" { STATUS.with(|name| text_of(&self.0, name)) } else { text_of(&self.0, &name.into()) }
    }
}

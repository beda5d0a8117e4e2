//! JavaScript's own values as the core's JSON.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::duration::in_milliseconds;
use crate::json::Json;
use crate::text::decimal;

#[wasm_bindgen(module = "/src/js/json.js")]
extern "C" {
    fn parse(text: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = whyNotJson)]
    fn why_not_json(text: &JsValue) -> String;
    #[wasm_bindgen(js_name = statusOf)]
    fn status_of(value: &JsValue) -> Option<String>;
    #[wasm_bindgen(js_name = errorPayload)]
    fn error_payload(error: &str) -> JsValue;
    #[wasm_bindgen(js_name = timeoutPayload)]
    fn timeout_payload(error: &str, elapsed: f64, target: Option<&str>) -> JsValue;
    /// How many items an array has.
    #[wasm_bindgen(js_name = lengthOf)]
    fn length_of(value: &JsValue) -> Option<u32>;
    /// A field of an object; undefined for what has none.
    pub fn get(value: &JsValue, name: &str) -> JsValue;
}

/// What `JSON.parse` gave, or what stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct JsJson(JsValue);

impl AsRef<JsValue> for JsJson {
    fn as_ref(&self) -> &JsValue {
        &self.0
    }
}

impl From<JsJson> for JsValue {
    fn from(json: JsJson) -> Self {
        json.0
    }
}

impl Json for JsJson {
    type Text = JsValue;

    fn parse(text: &JsValue) -> Result<Self, String> {
        let value = parse(text);
        if value.is_undefined() { Err(why_not_json(text)) } else { Ok(Self(value)) }
    }

    fn error(error: &str) -> Self {
        Self(error_payload(error))
    }

    fn timeout(error: &str, elapsed: Duration, target: Option<&str>) -> Self {
        Self(timeout_payload(error, in_milliseconds(elapsed) / 1000.0, target))
    }

    fn get(&self, name: &str) -> Option<Self> {
        let value = get(&self.0, name);
        if value.is_undefined() { None } else { Some(Self(value)) }
    }

    fn items(&self) -> Option<Vec<Self>> {
        let item = |index: u32| Self(get(&self.0, &decimal(index.into())));
        Some((0..length_of(&self.0)?).map(item).collect())
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn text(&self, name: &str) -> Option<String> {
        // Every event is asked for it: its name need not cross into JavaScript each time.
        if name == "status" { status_of(&self.0) } else { self.get(name)?.as_text() }
    }
}

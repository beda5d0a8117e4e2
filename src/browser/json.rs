//! JavaScript's own values as the core's JSON.

use alloc::string::String;
use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::duration::in_milliseconds;
use crate::json::Json;
use crate::watch::Progress;

#[wasm_bindgen(module = "/src/js/json.js")]
extern "C" {
    #[wasm_bindgen(js_name = statusOf)]
    fn status_of(value: &JsValue) -> Option<String>;
    /// The payload of an event that is made here: `{error, elapsed, target}`, without what there is none of.
    #[wasm_bindgen(js_name = makePayload)]
    fn make_payload(error: &str, elapsed: Option<f64>, target: Option<&str>) -> JsValue;
    /// The number that a value is; NaN for anything else.
    #[wasm_bindgen(js_name = numberOf)]
    pub fn number_of(value: &JsValue) -> f64;
    #[wasm_bindgen(js_name = wordsOf)]
    fn words_of(value: &JsValue) -> JsValue;
}

/// What `JSON.parse` gave, or what stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct JsJson(JsValue);

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
    /// JavaScript parses what comes, or says why it cannot: so an event's text need not come here.
    type Text = Result<JsValue, String>;

    fn parse(payload: Self::Text) -> Result<Self, String> {
        payload.map(Self)
    }

    fn error(error: &str) -> Self {
        Self(make_payload(error, None, None))
    }

    fn timeout(error: &str, elapsed: Duration, target: Option<&str>) -> Self {
        Self(make_payload(error, Some(in_milliseconds(elapsed) / 1000.0), target))
    }

    fn status(&self) -> Option<String> {
        status_of(&self.0)
    }

    fn words(&self) -> Option<String> {
        words_of(&self.0).as_string()
    }
}

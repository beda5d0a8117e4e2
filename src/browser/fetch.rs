//! The one-shot read, through `fetch`.

use std::time::Duration;

use js_sys::{Date, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestCredentials, RequestInit, Response};

use crate::error::{Failure, Refusal};
use crate::json::Json;

use super::abort::AbortOnDrop;
use super::errors::message_of;
use super::json::JsJson;

#[wasm_bindgen]
extern "C" {
    // web-sys binds it to a window or to a worker; here it is whatever the global scope has.
    fn fetch(url: &str, init: &RequestInit) -> Promise;
}

/// Reads JSON. The request is aborted when the future is dropped.
pub async fn read(url: &str, with_credentials: bool) -> Result<JsJson, Failure<JsJson>> {
    let abort = AbortOnDrop::new();
    let init = RequestInit::new();
    let headers = Headers::new().map_err(broken)?;
    headers.set("Accept", "application/json").map_err(broken)?;
    init.set_headers(&headers);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&abort.signal()));
    if with_credentials {
        init.set_credentials(RequestCredentials::Include);
    }
    let response: Response = JsFuture::from(fetch(url, &init)).await.map_err(broken)?.unchecked_into();
    let body = json_of(&response).await;
    match response.status() {
        204 => Err(refused(&response, None)),
        200..=299 => body,
        _ => Err(refused(&response, body.ok())),
    }
}

async fn json_of(response: &Response) -> Result<JsJson, Failure<JsJson>> {
    let text: JsString = JsFuture::from(response.text().map_err(broken)?).await.map_err(broken)?.unchecked_into();
    JsJson::parse(&text).map_err(|reason| Failure::Broken(format!("the server's answer is not JSON: {reason}")))
}

fn refused(response: &Response, body: Option<JsJson>) -> Failure<JsJson> {
    let retry_after = response.headers().get("Retry-After").ok().flatten();
    Failure::Status(Refusal {
        status: response.status(),
        detail: body.and_then(|body| body.get("detail")),
        retry_after: retry_after.and_then(|value| retry_after_of(value.trim())),
    })
}

/// `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3).
fn retry_after_of(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = Date::parse(value) - Date::now();
    Duration::try_from_secs_f64(wait / 1000.0).ok()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: JsValue) -> Failure<JsJson> {
    Failure::Broken(format!("the server could not be reached: {}", message_of(&error)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    async fn json_is_handed_on_as_it_is() {
        let json = read("data:application/json,{\"status\":\"running\",\"new\":[1]}", false).await.unwrap();
        assert_eq!(json.text("status").as_deref(), Some("running"));
        assert_eq!(json.get("new").and_then(|new| new.items()).map(|items| items.len()), Some(1));
    }

    #[wasm_bindgen_test]
    async fn what_is_not_json_is_a_failure() {
        let failure = read("data:text/html,<h1>", false).await.unwrap_err();
        assert!(failure.to_string().starts_with("the server's answer is not JSON: "), "{failure}");
    }

    #[wasm_bindgen_test]
    async fn a_server_that_cannot_be_reached_is_a_failure() {
        let failure = read("http://127.0.0.1:1/", false).await.unwrap_err();
        assert!(failure.to_string().starts_with("the server could not be reached: "), "{failure}");
    }

    #[wasm_bindgen_test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        assert_eq!(retry_after_of("120"), Some(Duration::from_secs(120)));
        for nonsense in ["", "soon", "-1", "1.5.2", "Tue, 32 Jan 2099 00:00:00 GMT"] {
            assert_eq!(retry_after_of(nonsense), None, "{nonsense}");
        }
        let century = Duration::from_secs(40 * 365 * 24 * 3600);
        assert!(retry_after_of("Thu, 01 Jan 2099 00:00:00 GMT").is_some_and(|wait| wait > century));
        assert_eq!(retry_after_of("Thu, 01 Jan 1970 00:00:00 GMT"), None, "the time to wait for is over");
    }
}

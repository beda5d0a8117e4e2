//! Requests through `fetch`, and what their statuses mean.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Date, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response, ResponseType};

use crate::failure::{Failure, Refusal};
use crate::json::Json;

use super::abort::AbortOnDrop;
use super::credentials::Credentials;
use super::json::JsJson;
use super::thrown::message_of;
use super::timer;

/// How long the body of a refusal is awaited: it only explains what is already known.
const DETAIL_WITHIN: Duration = Duration::from_secs(1);

#[wasm_bindgen]
extern "C" {
    // web-sys binds it to a window or to a worker; here it is whatever the global scope has.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// The answer to a request, with a status that says success. Dropping it aborts what is left of it.
pub struct Answer {
    pub response: Response,
    _abort: AbortOnDrop,
}

/// Sends a request, and sees whether it succeeds.
pub async fn send(url: &str, accept: &str, credentials: &Credentials) -> Result<Answer, Failure<JsJson>> {
    let headers = credentials.headers().await?;
    headers.set("Accept", accept).map_err(unreachable)?;
    let abort = AbortOnDrop::new();
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_signal(Some(&abort.signal()));
    init.set_cache(RequestCache::NoStore);
    if credentials.cookies {
        init.set_credentials(RequestCredentials::Include);
    }
    if credentials.are_secret() {
        // Not "error", which workerd does not take, and which looks like a server that cannot be reached.
        init.set_redirect(RequestRedirect::Manual);
    }
    let promise = fetch(url, &init).map_err(unreachable)?;
    let answer = JsFuture::from(promise).await.map_err(unreachable)?;
    // A page may have put anything in the place of `fetch`.
    let response: Response = answer.dyn_into().map_err(|_| Failure::Broken("`fetch` gave no Response".into()))?;
    let status = response.status();
    if credentials.are_secret() && (response.type_() == ResponseType::Opaqueredirect || (300..400).contains(&status)) {
        return Err(Failure::Redirected { status });
    }
    match status {
        204 => Err(refused(&response, None)),
        200..=299 => Ok(Answer { response, _abort: abort }),
        _ => {
            let detail = match select(pin!(json_of(&response)), pin!(timer::sleep(DETAIL_WITHIN))).await {
                Either::Left((body, _)) => body.ok().and_then(|body| body.get("detail")),
                Either::Right(_) => None,
            };
            Err(refused(&response, detail))
        }
    }
}

impl Answer {
    /// The whole body as JSON.
    pub async fn json(self) -> Result<JsJson, Failure<JsJson>> {
        json_of(&self.response).await
    }
}

async fn json_of(response: &Response) -> Result<JsJson, Failure<JsJson>> {
    let text: JsString = JsFuture::from(response.text().map_err(broken)?).await.map_err(broken)?.unchecked_into();
    JsJson::parse(&text).map_err(|reason| Failure::Broken(format!("the server's answer is not JSON: {reason}")))
}

fn refused(response: &Response, detail: Option<JsJson>) -> Failure<JsJson> {
    let retry_after = response.headers().get("Retry-After").ok().flatten();
    Failure::Status(Refusal {
        status: response.status(),
        detail,
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

/// What a body rejects with.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub fn broken(error: JsValue) -> Failure<JsJson> {
    Failure::Broken(format!("the connection broke: {}", message_of(&error)))
}

/// What `fetch` rejects with.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(error: JsValue) -> Failure<JsJson> {
    Failure::Broken(format!("the server could not be reached: {}", message_of(&error)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::arguments::JsArguments;
    use super::*;

    async fn read(url: &str) -> Result<JsJson, Failure<JsJson>> {
        let config = JsArguments::default();
        send(url, "application/json", &Credentials::read(&config).unwrap()).await?.json().await
    }

    #[wasm_bindgen_test]
    async fn json_is_handed_on_as_it_is() {
        let json = read("data:application/json,{\"status\":\"running\",\"new\":[1]}").await.unwrap();
        assert_eq!(json.text("status").as_deref(), Some("running"));
        assert_eq!(json.get("new").and_then(|new| new.items()).map(|items| items.len()), Some(1));
    }

    #[wasm_bindgen_test]
    async fn what_is_not_json_is_a_failure() {
        let failure = read("data:text/html,<h1>").await.unwrap_err();
        assert!(failure.to_string().starts_with("the server's answer is not JSON: "), "{failure}");
    }

    #[wasm_bindgen_test]
    async fn a_server_that_cannot_be_reached_is_a_failure() {
        let failure = read("http://127.0.0.1:1/").await.unwrap_err();
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

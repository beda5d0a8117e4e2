//! Requests through `fetch`, and what their statuses mean.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Date, Function};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response};

use crate::failure::{Failure, Refusal};
use crate::json::Json;
use crate::sse::digits;

use super::body::Body;
use super::client::Client;
use super::json::JsJson;
use super::signal::AbortOnDrop;
use super::timer;
use super::value::{field, message_of, settled};

/// How long the body of a refusal is awaited. It only explains the status, which is known already.
const DETAIL_WITHIN: Duration = Duration::from_secs(3);

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// Calls `fetch`. The body of an answer that comes after the signal has aborted is cancelled.
    #[wasm_bindgen(catch, js_name = sendRequest)]
    fn send_request(fetch: &Function, url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;
}

/// The answer to a request, with a status that says success. Dropping it aborts what is left of it.
pub struct Answer {
    response: Response,
    _abort: AbortOnDrop,
}

/// Sends a request, and checks the status of the answer.
pub async fn send(client: &Client, url: &str, accept: &str) -> Result<Answer, Failure<JsJson>> {
    let are_secret = client.credentials.are_secret();
    let headers = client.credentials.headers(accept).await?;
    let abort = AbortOnDrop::new().map_err(unreachable)?;
    let init = RequestInit::new();
    init.set_method("GET");
    init.set_headers(&headers);
    init.set_signal(Some(&abort.signal()));
    init.set_cache(RequestCache::NoStore);
    // Not "error", which workerd does not take, and which looks like a server that cannot be reached.
    init.set_redirect(if are_secret { RequestRedirect::Manual } else { RequestRedirect::Follow });
    if client.credentials.cookies {
        init.set_credentials(RequestCredentials::Include);
    }
    let answered = settled(send_request(&client.fetch(), url, &init)).await;
    let response: Response = answered.map_err(unreachable)?.unchecked_into();
    let status = status_of(&response)?;
    match status {
        // 0 is a redirect that the browser hides.
        0 | 300..=399 if are_secret => Err(Failure::Redirected { status }),
        200..=203 | 205..=299 => Ok(Answer { response, _abort: abort }),
        _ => Err(refused(&response, status).await),
    }
}

impl Answer {
    /// The whole body as JSON.
    pub async fn json(self) -> Result<JsJson, Failure<JsJson>> {
        json_of(&self.response).await
    }

    /// The body.
    pub fn body(&self) -> Result<Body, Failure<JsJson>> {
        body_of(&self.response)
    }

    /// A header; what comes more than once is joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        header(&self.response, name)
    }
}

fn status_of(response: &Response) -> Result<u16, Failure<JsJson>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "out of range is no status either way")]
    let status = field(response, "status").as_f64().map(|status| status as u16);
    status.ok_or_else(|| Failure::Malformed("what `fetch` gave is no answer: it has no status".into()))
}

fn header(response: &Response, name: &str) -> Option<String> {
    let headers: Headers = field(response, "headers").unchecked_into();
    headers.get(name).ok().flatten()
}

fn body_of(response: &Response) -> Result<Body, Failure<JsJson>> {
    Body::open(&field(response, "body"))
}

async fn json_of(response: &Response) -> Result<JsJson, Failure<JsJson>> {
    JsJson::parse(body_of(response)?.text().await?)
        .map_err(|reason| Failure::Malformed(format!("the server's answer is not JSON: {reason}")))
}

/// A refusal, with its body's explanation if that arrives in time.
async fn refused(response: &Response, status: u16) -> Failure<JsJson> {
    let detail = match select(pin!(json_of(response)), timer::sleep(DETAIL_WITHIN)).await {
        Either::Left((Ok(body), _)) if status != 204 => body.get("detail"),
        _ => None,
    };
    let retry_after = header(response, "Retry-After").and_then(|wait| {
        let date = header(response, "Date").map(|date| Date::parse(&date)).filter(|date| date.is_finite());
        retry_after_of(&wait, date.unwrap_or_else(Date::now))
    });
    Failure::Status(Refusal { status, detail, retry_after })
}

/// `Retry-After` is a number of seconds, or a date by the server's clock (RFC 9110, 10.2.3).
fn retry_after_of(value: &str, now: f64) -> Option<Duration> {
    if let Some(seconds) = digits(value.trim_ascii().as_bytes()) {
        return Some(Duration::from_secs(seconds));
    }
    let wait = Date::parse(value) - now;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is as it should be")]
    (wait > 0.0).then(|| Duration::from_millis(wait as u64))
}

/// What `fetch` rejects with. An error with a `digest` is meant for the framework that made it: Next throws one while it
/// renders a static page, to make the page a dynamic one.
fn unreachable(error: JsValue) -> Failure<JsJson> {
    if field(&error, "digest").is_string() {
        return Failure::Foreign(error.into());
    }
    Failure::Broken(format!("the server could not be reached: {}", message_of(&error)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn client(fetch: &str) -> Client {
        let config = Function::new_no_args(&format!("return {{ {fetch} }}")).call0(&JsValue::UNDEFINED).unwrap();
        Client::read(&config, &mut Vec::new())
    }

    async fn read(fetch: &str, url: &str) -> Result<JsJson, Failure<JsJson>> {
        send(&client(fetch), url, "application/json").await?.json().await
    }

    #[wasm_bindgen_test]
    async fn json_is_handed_on_as_it_is() {
        let json = read("", "data:application/json,{\"status\":\"running\",\"new\":[1]}").await.unwrap();
        assert_eq!(json.get("status").unwrap().text().as_deref(), Some("running"));
        assert_eq!(json.get("new").unwrap().items().unwrap().len(), 1);
    }

    #[wasm_bindgen_test]
    async fn what_is_not_json_is_a_failure() {
        let failure = read("", "data:text/html,<h1>").await.unwrap_err();
        assert!(failure.to_string().starts_with("the server's answer is not JSON: "), "{failure}");
    }

    #[wasm_bindgen_test]
    async fn a_server_that_cannot_be_reached_is_a_failure() {
        let failure = read("", "http://127.0.0.1:1/").await.unwrap_err();
        assert!(failure.to_string().starts_with("the server could not be reached: "), "{failure}");
    }

    #[wasm_bindgen_test]
    async fn whatever_fetch_gives_is_taken_by_what_it_can_do() {
        let body = |json: &str| format!("body: [new TextEncoder().encode('{json}')]");
        let text = body("{\"status\":\"running\"}");
        for (fetch, outcome) in [
            (format!("async () => ({{ status: 200, {text} }})"), "running"),
            (format!("() => ({{ status: 200, {text} }})"), "running"),
            ("() => { throw Object.assign(new Error('no'), { digest: 'DYNAMIC' }) }".into(), "no"),
            ("() => { throw new Error('no') }".into(), "the server could not be reached: no"),
            ("async () => {}".into(), "what `fetch` gave is no answer: it has no status"),
            ("async () => ({ get status() { throw 1 } })".into(), "what `fetch` gave is no answer: it has no status"),
            ("async () => ({ status: 200 })".into(), "the server's answer is not JSON: "),
            (
                format!("async () => ({{ status: 404, {} }})", body("{\"detail\":\"gone\"}")),
                "the server answered with status 404: gone",
            ),
        ] {
            let outcome_ = match read(&format!("fetch: {fetch}"), "http://example.com/").await {
                Ok(json) => json.get("status").unwrap().text().unwrap(),
                Err(failure) => failure.to_string(),
            };
            assert!(outcome_.starts_with(outcome), "{fetch}: {outcome_}");
        }
    }

    #[wasm_bindgen_test]
    async fn a_redirect_is_not_followed_with_a_secret() {
        let answer = "fetch: async (url, { redirect }) => ({ status: redirect === 'manual' ? 307 : 200 })";
        let failure = read(&format!("apiKey: 'key', {answer}"), "http://example.com/").await.unwrap_err();
        assert_eq!(failure, Failure::Redirected { status: 307 });
        assert!(send(&client(answer), "http://example.com/", "*/*").await.is_ok());
    }

    #[wasm_bindgen_test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now = Date::parse("Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(retry_after_of(" 120 ", now), Some(Duration::from_secs(120)));
        for nonsense in ["", "soon", "-1", "1.5.2", "Tue, 32 Jan 2099 00:00:00 GMT"] {
            assert_eq!(retry_after_of(nonsense, now), None, "{nonsense}");
        }
        assert_eq!(retry_after_of("Thu, 01 Jan 2026 00:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after_of("Wed, 31 Dec 2025 23:59:59 GMT", now), None, "the time to wait for is over");
    }
}

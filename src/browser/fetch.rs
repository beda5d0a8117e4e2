//! Requests through `fetch`, and what their statuses mean.

use alloc::rc::Rc;
use alloc::string::String;
use core::time::Duration;

use wasm_bindgen::prelude::*;

use crate::duration::milliseconds;
use crate::failure::{Failure, Refusal};
use crate::json::Json;
use crate::race::{First, race};
use crate::text::concat;

use super::credentials::Credentials;
use super::endpoint::wait;
use super::json::JsJson;
use super::task::{Callback, Source, Task};
use super::thrown::message_of;

#[wasm_bindgen(module = "/src/js/fetch.js")]
extern "C" {
    /// The answer to a request.
    pub type Response;
    #[wasm_bindgen(method, getter, structural)]
    fn status(this: &Response) -> u16;

    fn send(url: &str, headers: &JsValue, cookies: bool, follow: bool, tell: &JsValue) -> Callback;
    #[wasm_bindgen(js_name = readText)]
    fn read_text(response: &Response, tell: &JsValue) -> Callback;
    /// The content type, as the server has written it.
    #[wasm_bindgen(js_name = contentTypeOf)]
    pub fn content_type_of(response: &Response) -> String;
    /// The milliseconds that the server asks to wait; NaN, if it does not say.
    #[wasm_bindgen(js_name = retryAfterOf)]
    fn retry_after_of(response: &Response) -> f64;
}

/// How long the body of a refusal is awaited: it only explains what is already known.
const DETAIL_WITHIN: Duration = Duration::from_secs(3);

/// A request that is still to be sent.
pub struct Request<'a> {
    pub task: &'a Rc<Task>,
    pub url: &'a str,
    pub accept: &'static str,
    pub credentials: &'a Credentials,
}

/// The answer to a request, with a status that says success. Dropping it aborts what is left of it.
pub struct Answer {
    pub response: Response,
    _request: Source,
}

impl Request<'_> {
    /// Sends it, and sees whether it succeeds.
    pub async fn send(&self) -> Result<Answer, Failure<JsJson>> {
        let Self { task, url, accept, credentials } = self;
        let headers = credentials.headers(task, accept).await?;
        let is_secret = credentials.are_secret();
        let request = Source::start(task, |tell| send(url, &headers, credentials.cookies, !is_secret, tell));
        let response = request
            .settled()
            .await
            .map_err(|error| Failure::Broken(concat(&["the server could not be reached: ", &message_of(&error)])))?;
        let answer = Answer { response: response.unchecked_into(), _request: request };
        match answer.response.status() {
            // 0 is a redirect that the browser hides.
            status @ (0 | 300..400) if is_secret => Err(Failure::Redirected { status }),
            status @ 204 => Err(answer.refused(status, None)),
            200..300 => Ok(answer),
            status => {
                let detail = match race(answer.json(task), wait(task, DETAIL_WITHIN)).await {
                    First::Left(Ok(body)) => body.get("detail"),
                    _ => None,
                };
                Err(answer.refused(status, detail))
            }
        }
    }
}

impl Answer {
    /// The whole body as JSON.
    pub async fn json(&self, task: &Rc<Task>) -> Result<JsJson, Failure<JsJson>> {
        let text = Source::start(task, |tell| read_text(&self.response, tell));
        let text = text.settled().await.map_err(|error| broken(&error))?;
        JsJson::parse(&text).map_err(|reason| Failure::Broken(concat(&["the server's answer is not JSON: ", &reason])))
    }

    fn refused(&self, status: u16, detail: Option<JsJson>) -> Failure<JsJson> {
        let wait = retry_after_of(&self.response);
        let retry_after = (wait > 0.0).then(|| milliseconds(wait));
        Failure::Status(Refusal { status, detail, retry_after })
    }
}

/// What a body rejects with.
pub fn broken(error: &JsValue) -> Failure<JsJson> {
    Failure::Broken(concat(&["the connection broke: ", &message_of(error)]))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use alloc::vec::Vec;

    use js_sys::{Object, Reflect};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::arguments::JsArguments;
    use super::super::task::tests::run;
    use super::*;

    /// The field `status` of the JSON at an address, or the failure's message.
    async fn read(url: &'static str) -> String {
        run(async move |task: Rc<Task>| {
            let credentials = Credentials::read(&JsArguments::default(), &mut Vec::new());
            let request = Request { task: &task, url, accept: "application/json", credentials: &credentials };
            match request.send().await {
                Ok(answer) => answer
                    .json(&task)
                    .await
                    .map_or_else(|failure| failure.message(), |json| json.text("status").unwrap()),
                Err(failure) => failure.to_string(),
            }
        })
        .await
    }

    #[wasm_bindgen_test]
    async fn json_is_read() {
        assert_eq!(read("data:application/json,{\"status\":\"running\"}").await, "running");
    }

    #[wasm_bindgen_test]
    async fn what_is_not_json_is_a_failure() {
        assert!(read("data:text/html,<h1>").await.starts_with("the server's answer is not JSON: "));
    }

    #[wasm_bindgen_test]
    async fn a_server_that_cannot_be_reached_is_a_failure() {
        assert!(read("http://127.0.0.1:1/").await.starts_with("the server could not be reached: "));
    }

    /// What is asked for by a response with this header, in milliseconds.
    fn retry_after(value: &str) -> f64 {
        let (headers, response) = (js_sys::Map::new(), Object::new());
        headers.set(&"Retry-After".into(), &value.into());
        Reflect::set(&response, &"headers".into(), &headers).unwrap();
        retry_after_of(&response.unchecked_into())
    }

    #[wasm_bindgen_test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        assert!((retry_after("120") - 120_000.0).abs() < 1.0);
        for nonsense in ["", "soon", "-1", "1.5.2", "Tue, 32 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert!(retry_after(nonsense).max(0.0) == 0.0, "{nonsense}");
        }
        let forty_years = 40.0 * 365.0 * 24.0 * 3_600_000.0;
        assert!(retry_after("Thu, 01 Jan 2099 00:00:00 GMT") > forty_years);
    }
}

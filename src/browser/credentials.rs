//! What is sent along with each request: the key, extra headers, cookies.
//!
//! No value of a key or a header is ever put in a message.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Headers;

use crate::error::FieldError;
use crate::failure::Failure;
use crate::request::Check;

use super::arguments::JsArguments;
use super::json::JsJson;
use super::value::{name_of, settled};

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// A text that can be sent as a header's value, or undefined.
    #[wasm_bindgen(js_name = readHeaderValue)]
    fn read_header_value(value: &JsValue) -> JsValue;
    /// `Headers` from an object of strings or from other `Headers`, if all of them can be sent; else undefined.
    #[wasm_bindgen(js_name = readHeaders)]
    fn read_headers(value: &JsValue) -> JsValue;
}

const VALUE_RULE: &str = "a string that can be sent as an HTTP header";
const HEADERS_RULE: &str = "an object of strings that can be sent as HTTP headers";

/// What a client sends along.
pub struct Credentials {
    /// Whether cookies go along, to another origin too.
    pub cookies: bool,
    api_key: Option<Provided>,
    headers: Option<Provided>,
    version: Option<String>,
}

impl Credentials {
    /// Reads them from the client's configuration.
    pub fn read(check: &mut Check<'_, JsArguments>) -> Self {
        let api_key = Provided::read(check, "apiKey", VALUE_RULE, read_header_value);
        let headers = Provided::read(check, "headers", HEADERS_RULE, read_headers);
        let version = check.arguments.value("version");
        if !version.is_undefined() && read_header_value(&version).is_undefined() {
            check.errors.push(FieldError { field: "version", message: format!("must be {VALUE_RULE}") });
        }
        let cookies = check.flag("useCookieAuth");
        // Cookies identify the user: no key is sent.
        Self { cookies, api_key: api_key.filter(|_| !cookies), headers, version: version.as_string() }
    }

    /// Whether they need headers of our own, which EventSource cannot send.
    pub fn need_headers(&self) -> bool {
        self.are_secret() || self.version.is_some()
    }

    /// Whether they must not be sent to where a redirect points.
    pub fn are_secret(&self) -> bool {
        self.api_key.is_some() || self.headers.is_some()
    }

    /// The headers of the next request. The caller's functions are called each time.
    pub async fn headers(&self, accept: &str) -> Result<Headers, Failure<JsJson>> {
        let given = Provided::get(self.headers.as_ref()).await?;
        let key = Provided::get(self.api_key.as_ref()).await?.as_string();
        let ours =
            [("Accept", Some(accept)), ("X-Phala-Version", self.version.as_deref()), ("X-API-Key", key.as_deref())];
        // Its error could quote a value.
        join(&given, ours).map_err(|_| Failure::Broken("the headers cannot be set".into()))
    }
}

/// The headers that were given (none, if that is undefined), and ours.
fn join(given: &JsValue, ours: [(&str, Option<&str>); 3]) -> Result<Headers, JsValue> {
    let headers = Headers::new_with_headers(given.unchecked_ref())?;
    for (name, value) in ours {
        if let Some(value) = value {
            headers.set(name, value)?;
        }
    }
    Ok(headers)
}

/// A value of the caller's, or a function that is called for it each time.
struct Provided {
    field: &'static str,
    rule: &'static str,
    /// Takes what was given; gives undefined if that cannot be used.
    read: fn(&JsValue) -> JsValue,
    source: JsValue,
}

impl Provided {
    fn read(
        check: &mut Check<'_, JsArguments>,
        field: &'static str,
        rule: &'static str,
        read: fn(&JsValue) -> JsValue,
    ) -> Option<Self> {
        let value = check.arguments.value(field);
        if value.is_undefined() {
            return None;
        }
        let source = if value.is_function() { value } else { read(&value) };
        if source.is_undefined() {
            let message = format!("must be {rule}, or a function that gives one");
            check.errors.push(FieldError { field, message });
            return None;
        }
        Some(Self { field, rule, read, source })
    }

    /// The value for the next request; undefined if nothing was given.
    async fn get(provided: Option<&Self>) -> Result<JsValue, Failure<JsJson>> {
        let Some(Self { field, rule, read, source }) = provided else { return Ok(JsValue::UNDEFINED) };
        if !source.is_function() {
            return Ok(source.clone());
        }
        let function: &Function = source.unchecked_ref();
        // Its message may quote the value: only the error's name is used.
        let given = settled(function.call0(&JsValue::UNDEFINED))
            .await
            .map_err(|error| Failure::Broken(format!("the function {field} has failed with {}", name_of(&error))))?;
        let value = read(&given);
        if value.is_undefined() {
            let message = format!("the function {field} must give {rule}, and has given something else");
            return Err(Failure::Broken(message));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn read(config: &str) -> Result<Credentials, Vec<FieldError>> {
        let config = Function::new_no_args(&format!("return {config}")).call0(&JsValue::UNDEFINED).unwrap();
        let mut errors = Vec::new();
        let config = JsArguments::required("config", config, &mut errors).unwrap();
        let credentials = Credentials::read(&mut Check { arguments: &config, errors: &mut errors });
        if errors.is_empty() { Ok(credentials) } else { Err(errors) }
    }

    fn get(headers: &Headers, name: &str) -> Option<String> {
        headers.get(name).unwrap()
    }

    #[wasm_bindgen_test]
    async fn each_has_its_header() {
        let config = "{ apiKey: 'key', version: '2026', headers: { 'X-Team': 'ours', accept: 'anything' } }";
        let credentials = read(config).unwrap();
        assert!(credentials.are_secret() && credentials.need_headers());
        let headers = credentials.headers("application/json").await.unwrap();
        for (name, value) in
            [("X-API-Key", "key"), ("X-Phala-Version", "2026"), ("X-Team", "ours"), ("Accept", "application/json")]
        {
            assert_eq!(get(&headers, name).as_deref(), Some(value), "{name}");
        }
    }

    #[wasm_bindgen_test]
    async fn functions_are_asked_each_time_and_cookies_need_no_key() {
        let counting = "(() => { let n = 0; return { apiKey: async () => `key ${++n}` } })()";
        let credentials = read(counting).unwrap();
        for key in ["key 1", "key 2"] {
            let headers = credentials.headers("*/*").await.unwrap();
            assert_eq!(get(&headers, "X-API-Key").as_deref(), Some(key));
        }
        let credentials = read("{ apiKey: 'key', useCookieAuth: true }").unwrap();
        assert!(credentials.cookies && !credentials.are_secret());
        assert_eq!(get(&credentials.headers("*/*").await.unwrap(), "X-API-Key"), None);
    }

    #[wasm_bindgen_test]
    async fn a_function_that_fails_tells_no_secret() {
        for (function, message) in [
            ("() => { throw new RangeError('secret') }", "the function apiKey has failed with RangeError"),
            ("() => Promise.reject('secret')", "the function apiKey has failed with no error, but something else"),
            (
                "() => ({ secret: 1 })",
                "the function apiKey must give a string that can be sent as an HTTP header, and has given something else",
            ),
        ] {
            let credentials = read(&format!("{{ apiKey: {function} }}")).unwrap();
            assert_eq!(credentials.headers("*/*").await.unwrap_err().to_string(), message);
        }
    }

    #[wasm_bindgen_test]
    fn what_cannot_be_sent_is_refused_and_not_shown() {
        for (config, field) in [
            ("{ apiKey: '' }", "apiKey"),
            ("{ apiKey: 'secret\\n' }", "apiKey"),
            ("{ apiKey: 'sécret €' }", "apiKey"),
            ("{ version: 7 }", "version"),
            ("{ headers: { a: 7 } }", "headers"),
            ("{ headers: { a: 'secret\\u007f' } }", "headers"),
            ("{ headers: { 'a b': 'secret' } }", "headers"),
            ("{ headers: 'secret' }", "headers"),
            ("{ headers: { get a() { throw 'secret' } } }", "headers"),
            ("{ useCookieAuth: 'yes' }", "useCookieAuth"),
        ] {
            let errors = read(config).err().unwrap();
            assert_eq!(errors.iter().map(|bad| bad.field).collect::<Vec<_>>(), [field], "{config}");
            assert!(!errors[0].message.contains("secret"));
        }
    }
}

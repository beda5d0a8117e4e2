//! What is sent along with each request: the key, extra headers, cookies.
//!
//! No value of a key or a header is ever put in a message.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Headers;

use crate::error::FieldError;
use crate::failure::Failure;

use super::arguments::JsArguments;
use super::call::Errors;
use super::json::JsJson;
use super::value::{name_of, settled};

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// `Headers` from an object of strings or from other `Headers`, if all of them can be sent.
    #[wasm_bindgen(js_name = readHeaders)]
    fn read_headers(value: &JsValue) -> Option<Headers>;
}

const VALUE_RULE: &str = "a string that can be sent as an HTTP header";
const HEADERS_RULE: &str = "an object of strings that can be sent as HTTP headers";

/// What a client sends along.
pub struct Credentials {
    /// Whether cookies go along, to another origin too.
    pub cookies: bool,
    api_key: Option<Provided<String>>,
    headers: Option<Provided<Headers>>,
    version: Option<String>,
}

impl Credentials {
    /// Reads them from the client's configuration.
    pub fn read(config: &JsArguments) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut keep = Errors(&mut errors);
        let api_key = keep.one(Provided::read(config, "apiKey", VALUE_RULE, header_value)).flatten();
        let headers = keep.one(Provided::read(config, "headers", HEADERS_RULE, read_headers)).flatten();
        let version = config.value("version");
        if !version.is_undefined() && header_value(&version).is_none() {
            keep.0.push(FieldError { field: "version", message: format!("must be {VALUE_RULE}") });
        }
        let cookies = keep.one(config.flag("useCookieAuth")).unwrap_or_default();
        if !errors.is_empty() {
            return Err(errors);
        }
        // Cookies say who it is: no key besides.
        Ok(Self { cookies, api_key: api_key.filter(|_| !cookies), headers, version: version.as_string() })
    }

    /// Whether they need headers of our own, which EventSource cannot send.
    pub fn need_headers(&self) -> bool {
        self.are_secret() || self.version.is_some()
    }

    /// Whether a redirect must not see them.
    pub fn are_secret(&self) -> bool {
        self.api_key.is_some() || self.headers.is_some()
    }

    /// The headers of the next request; functions are asked anew.
    pub async fn headers(&self, accept: &str) -> Result<Headers, Failure<JsJson>> {
        let given = match &self.headers {
            Some(provided) => Some(provided.get().await?),
            None => None,
        };
        let key = match &self.api_key {
            Some(provided) => Some(provided.get().await?),
            None => None,
        };
        let ours =
            [("Accept", Some(accept)), ("X-Phala-Version", self.version.as_deref()), ("X-API-Key", key.as_deref())];
        // What it throws could quote a value.
        join(given.as_ref(), ours).map_err(|_| Failure::Broken("the headers cannot be set".into()))
    }
}

fn join(given: Option<&Headers>, ours: [(&str, Option<&str>); 3]) -> Result<Headers, JsValue> {
    let headers = given.map_or_else(Headers::new, Headers::new_with_headers)?;
    for (name, value) in ours {
        if let Some(value) = value {
            headers.set(name, value)?;
        }
    }
    Ok(headers)
}

/// Something that the caller has given, or a function that is asked for it each time.
struct Provided<T> {
    field: &'static str,
    rule: &'static str,
    read: fn(&JsValue) -> Option<T>,
    source: Source<T>,
}

enum Source<T> {
    Fixed(T),
    Asked(Function),
}

impl<T: Clone> Provided<T> {
    fn read(
        config: &JsArguments,
        field: &'static str,
        rule: &'static str,
        read: fn(&JsValue) -> Option<T>,
    ) -> Result<Option<Self>, FieldError> {
        let value = config.value(field);
        let source = match () {
            () if value.is_undefined() => return Ok(None),
            () if value.is_function() => Source::Asked(value.unchecked_into()),
            () => {
                let message = || format!("must be {rule}, or a function that gives one");
                Source::Fixed(read(&value).ok_or_else(|| FieldError { field, message: message() })?)
            }
        };
        Ok(Some(Self { field, rule, read, source }))
    }

    async fn get(&self) -> Result<T, Failure<JsJson>> {
        let Self { field, rule, read, source } = self;
        let function = match source {
            Source::Fixed(value) => return Ok(value.clone()),
            Source::Asked(function) => function,
        };
        // Its message may quote the value that it stumbled over: the name has to do.
        let given = settled(function.call0(&JsValue::UNDEFINED))
            .await
            .map_err(|error| Failure::Broken(format!("the function {field} has failed with {}", name_of(&error))))?;
        let nonsense = || format!("the function {field} must give {rule}, and has given something else");
        read(&given).ok_or_else(|| Failure::Broken(nonsense()))
    }
}

/// A header's value (RFC 9110, 5.5), in characters that JavaScript's byte strings hold.
fn header_value(value: &JsValue) -> Option<String> {
    let is_sendable = |char| char == '\t' || (' '..='\u{ff}').contains(&char) && !('\u{7f}'..'\u{80}').contains(&char);
    value.as_string().filter(|text| !text.trim().is_empty() && text.chars().all(is_sendable))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn read(config: &str) -> Result<Credentials, Vec<FieldError>> {
        let config = Function::new_no_args(&format!("return {config}")).call0(&JsValue::UNDEFINED).unwrap();
        Credentials::read(&JsArguments::required("config", config).unwrap())
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

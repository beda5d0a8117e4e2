//! Where the API is.

use web_sys::Url;

use crate::error::FieldError;
use crate::request::Check;

use super::arguments::{JsArguments, show};
use super::value::{global, text};

const DEFAULT: &str = "https://cloud-api.phala.com/api/v1";

/// The client's `baseURL`: absolute, and without a slash at its end.
pub fn read(check: &mut Check<'_, JsArguments>) -> String {
    let field = "baseURL";
    let value = check.arguments.value(field);
    if value.is_undefined() {
        return DEFAULT.into();
    }
    let given = value.as_string();
    if let Some(url) = given.as_deref().and_then(resolve).filter(is_plain) {
        return without_slash(&url);
    }
    let rule = "an http(s) URL, or a path relative to the page, without user name, query and fragment";
    let shown = given.map_or(value, |given| without_secrets(&given).into());
    check.errors.push(FieldError { field, message: format!("must be {rule}, but is {}", show(&shown)) });
    String::new()
}

/// Makes an address absolute, by that of the page or the worker. Where there is neither, it must be absolute already. A
/// `blob:` address cannot be a base, so in a worker that was made from a blob its origin is the base.
fn resolve(url: &str) -> Option<Url> {
    if url.is_empty() {
        return None;
    }
    let mut resolved = Url::new(url);
    for (object, part) in [("document", "baseURI"), ("location", "href"), ("location", "origin")] {
        if let (Err(_), Some(base)) = (&resolved, text(&global(object), part)) {
            resolved = Url::new_with_base(url, &base);
        }
    }
    resolved.ok()
}

fn is_plain(url: &Url) -> bool {
    let is_empty = |part| text(url, part).is_none_or(|part| part.is_empty());
    matches!(text(url, "protocol").as_deref(), Some("http:" | "https:"))
        && ["username", "password", "search", "hash"].into_iter().all(is_empty)
}

fn without_slash(url: &Url) -> String {
    let mut whole = origin(url) + &text(url, "pathname").unwrap_or_default();
    while whole.ends_with('/') {
        whole.pop();
    }
    whole
}

/// An address's scheme, host and port.
pub fn origin(url: &Url) -> String {
    text(url, "origin").unwrap_or_default()
}

/// A base URL as a message may show it: without the parts that may hold a password, a token or a key.
fn without_secrets(url: &str) -> &str {
    if url.bytes().any(|byte| byte == b'@') {
        return "…";
    }
    let end = url.bytes().position(|byte| matches!(byte, b'?' | b'#')).map_or(url.len(), |at| at + 1);
    url.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use js_sys::{Object, Reflect};
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn read_one(value: &JsValue) -> Result<String, String> {
        let config = Object::new();
        Reflect::set(&config, &"baseURL".into(), value).unwrap();
        let mut errors = Vec::new();
        let config = JsArguments::required("config", config.into(), &mut errors).unwrap();
        let url = read(&mut Check { arguments: &config, errors: &mut errors });
        errors.pop().map_or(Ok(url), |error| Err(error.message))
    }

    #[wasm_bindgen_test]
    fn a_base_is_absolute_or_relative_to_the_page() {
        let origin = text(&global("location"), "origin").unwrap();
        for (value, expected) in [
            ("https://example.com/api/v1/", "https://example.com/api/v1".into()),
            ("http://example.com", "http://example.com".into()),
            ("/api/v1", format!("{origin}/api/v1")),
            ("//example.com//", format!("{}//example.com", text(&global("location"), "protocol").unwrap())),
        ] {
            assert_eq!(read_one(&value.into()), Ok(expected), "{value}");
        }
        assert_eq!(read_one(&JsValue::UNDEFINED).as_deref(), Ok(DEFAULT));
    }

    #[wasm_bindgen_test]
    fn what_may_hold_a_secret_is_refused_and_not_shown() {
        for (value, shown) in [
            ("", "\"\""),
            ("ftp://example.com", "\"ftp://example.com\""),
            ("http://example.com?key=secret", "\"http://example.com?\""),
            ("http://example.com#secret", "\"http://example.com#\""),
            ("http://me:secret@example.com", "\"…\""),
            ("http://", "\"http://\""),
        ] {
            let message = read_one(&value.into()).unwrap_err();
            assert!(message.ends_with(&format!("but is {shown}")), "{message}");
        }
    }
}

//! Where the API is.

use web_sys::Url;

use crate::error::FieldError;

use super::arguments::{JsArguments, show};
use super::value::{global, text};

const DEFAULT: &str = "https://cloud-api.phala.com/api/v1";

/// The client's `baseURL`: absolute, and without a slash at its end.
pub fn read(config: &JsArguments) -> Result<String, FieldError> {
    let field = "baseURL";
    let value = config.value(field);
    if value.is_undefined() {
        return Ok(DEFAULT.into());
    }
    let given = value.as_string();
    given.as_deref().and_then(resolve).filter(is_plain).map(|url| without_slash(&url)).ok_or_else(|| {
        let rule = "an http(s) URL, or a path relative to the page, without user name, query and fragment";
        let shown = given.map_or_else(|| show(&value), |given| show(&without_secrets(&given).into()));
        FieldError { field, message: format!("must be {rule}, but is {shown}") }
    })
}

/// Resolves an address against the page or the worker; without either only an absolute one will do. A worker that was made
/// from a blob has an address that nothing can be relative to: there it is the origin.
fn resolve(url: &str) -> Option<Url> {
    let location = global("location");
    let bases = [text(&global("document"), "baseURI"), text(&location, "href"), text(&location, "origin")];
    let mut against = bases.into_iter().flatten().filter_map(|base| Url::new_with_base(url, &base).ok());
    if url.is_empty() { None } else { Url::new(url).ok().or_else(|| against.next()) }
}

fn is_plain(url: &Url) -> bool {
    matches!(url.protocol().as_str(), "http:" | "https:")
        && [url.username(), url.password(), url.search(), url.hash()].iter().all(String::is_empty)
}

fn without_slash(url: &Url) -> String {
    format!("{}{}", url.origin(), url.pathname().trim_end_matches('/'))
}

/// What a message may show of a base URL: nothing where a password, a token or a key may stand.
fn without_secrets(url: &str) -> &str {
    if url.contains('@') { "…" } else { url.split_inclusive(['?', '#']).next().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use js_sys::{Object, Reflect};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn read_one(value: &str) -> Result<String, FieldError> {
        let config = Object::new();
        Reflect::set(&config, &"baseURL".into(), &value.into()).unwrap();
        read(&JsArguments::required("config", config.into()).unwrap())
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
            assert_eq!(read_one(value).as_deref(), Ok(expected.as_str()), "{value}");
        }
        assert_eq!(read(&JsArguments::default()).as_deref(), Ok(DEFAULT));
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
            let message = read_one(value).unwrap_err().message;
            assert!(message.ends_with(&format!("but is {shown}")), "{message}");
        }
    }
}

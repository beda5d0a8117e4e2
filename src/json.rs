//! JSON as the world around the core already holds it.

use alloc::string::String;
use core::time::Duration;

/// A JSON value: a JavaScript value in the browser, a `serde_json::Value` in native tests.
///
/// The core looks at the few fields that it acts on and hands the rest on as it came, so that no unknown field is lost
/// and nothing is rebuilt.
pub trait Json: Clone {
    /// What comes over the wire: JSON text, or what that world has already made of it.
    type Text;

    /// Reads JSON text; the error says what is wrong with it.
    ///
    /// # Errors
    /// The text is not JSON.
    fn parse(text: Self::Text) -> Result<Self, String>;

    /// Makes the payload of an `error` event: `{error}`.
    fn error(error: &str) -> Self;

    /// Makes the payload of a `timeout` event: `{error, elapsed, target}`, with `elapsed` in seconds; `target` is left
    /// out where there is none.
    fn timeout(error: &str, elapsed: Duration, target: Option<&str>) -> Self;

    /// The status that a state tells, if it is a string.
    fn status(&self) -> Option<String>;

    /// What a payload says in words: it is a string, or an object with a `message` or an `error`, or a list of items with a
    /// `msg` each. The empty text says nothing.
    fn words(&self) -> Option<String>;
}

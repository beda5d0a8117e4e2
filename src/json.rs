//! JSON as the world around the core already holds it.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A JSON value: a JavaScript value in the browser, a `serde_json::Value` in native tests.
///
/// The core looks at the few fields that it acts on and hands the rest on as it came, so that no unknown field is lost
/// and nothing is rebuilt.
pub trait Json: Clone {
    /// JSON text, in the string type of that world.
    type Text;

    /// Reads JSON text; the error says what is wrong with it.
    ///
    /// # Errors
    /// The text is not JSON.
    fn parse(text: &Self::Text) -> Result<Self, String>;

    /// Makes the payload of an `error` event: `{error}`.
    fn error(error: &str) -> Self;

    /// Makes the payload of a `timeout` event: `{error, elapsed, target}`, with `elapsed` in seconds; `target` is left
    /// out where there is none.
    fn timeout(error: &str, elapsed: Duration, target: Option<&str>) -> Self;

    /// The value's field of that name, if the value is an object that has one.
    fn get(&self, name: &str) -> Option<Self>;

    /// The items, if the value is an array.
    fn items(&self) -> Option<Vec<Self>>;

    /// The text, if the value is a string.
    fn as_text(&self) -> Option<String>;

    /// The text of the value's field of that name.
    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_text()
    }

    /// The same, if it says anything: not the empty text.
    fn words(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }
}

//! JSON values of the environment (JavaScript's own in a browser).

use serde::Serialize;

use crate::text::join;

/// A JSON value: a JavaScript value in the browser, a `serde_json::Value` in native tests.
///
/// The core looks at the few fields that it acts on and hands the rest on as it came, so that no unknown field is lost
/// and nothing is rebuilt. Values are equal if they would be the same JSON text.
pub trait Json: Clone + PartialEq {
    /// JSON text as it comes over the wire.
    type Text;

    /// Reads JSON text; the error says what is wrong with it.
    ///
    /// # Errors
    /// The text is not JSON.
    fn parse(text: Self::Text) -> Result<Self, String>;

    /// Makes a JSON value of data that is made here.
    fn of(value: &impl Serialize) -> Self;

    /// A field, if this is an object that has it.
    fn get(&self, name: &str) -> Option<Self>;

    /// The items, if this is a list.
    fn items(&self) -> Option<Vec<Self>>;

    /// The text, if this is a string.
    fn text(&self) -> Option<String>;

    /// Whether this is `null`.
    fn is_null(&self) -> bool;

    /// Whether this is `null` or the empty text.
    fn says_nothing(&self) -> bool {
        self.is_null() || self.text().is_some_and(|text| text.is_empty())
    }

    /// The message in a payload, which is a string, or an object with a `message`, an `error` or a `msg`, or a list of such
    /// items. The empty text is no message.
    fn words(&self) -> Option<String> {
        let Some(items) = self.items() else { return words_in(self) };
        let words: Vec<_> = items.iter().filter_map(words_in).collect();
        Some(join(&words, "; ")).filter(|words| !words.is_empty())
    }
}

fn words_in<J: Json>(item: &J) -> Option<String> {
    let named = |name| item.get(name)?.text();
    let is_said = |text: &String| !text.is_empty();
    item.text().filter(is_said).or_else(|| ["message", "error", "msg"].into_iter().filter_map(named).find(is_said))
}

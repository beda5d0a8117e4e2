//! The body of an answer.

use js_sys::{JsString, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{ReadableStreamDefaultReader, TextDecoder, TextDecoderOptions};

use crate::failure::Failure;

use super::json::JsJson;
use super::value::{bytes, field, ignore, message_of, settled};

#[wasm_bindgen(module = "/src/js/values.js")]
extern "C" {
    /// A reader of a body, whatever kind of stream that is.
    #[wasm_bindgen(catch, js_name = readerOf)]
    fn reader_of(body: &JsValue) -> Result<Reader, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// web-sys's reader, with methods that may throw: a page may have replaced `fetch` with anything.
    #[wasm_bindgen(extends = ReadableStreamDefaultReader)]
    type Reader;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn cancel(this: &Reader) -> Result<JsValue, JsValue>;

    /// web-sys's decoder, whose text stays in JavaScript.
    #[wasm_bindgen(extends = TextDecoder)]
    type Utf8;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &Utf8, bytes: &[u8]) -> Result<JsString, JsValue>;
}

/// The body of an answer. Dropping it cancels what is left of it.
pub struct Body(Reader);

impl Body {
    /// Begins to read. An answer without a body ends at once.
    pub fn open(body: &JsValue) -> Result<Self, Failure<JsJson>> {
        reader_of(body).map(Self).map_err(broken)
    }

    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Failure<JsJson>> {
        let chunk = settled(self.0.read()).await.map_err(broken)?;
        if field(&chunk, "done").is_truthy() {
            return Ok(None);
        }
        let no_bytes = || Failure::Broken("the body gives something else than bytes".into());
        bytes(&field(&chunk, "value")).map(Some).ok_or_else(no_bytes)
    }

    /// All of it, as text.
    pub async fn text(mut self) -> Result<JsString, Failure<JsJson>> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
        }
        Decoder::new()?.decode(&all)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // A body that is broken rejects.
        ignore(self.0.cancel());
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: JsValue) -> Failure<JsJson> {
    Failure::Broken(format!("the connection broke: {}", message_of(&error)))
}

/// Makes text of bytes. What is not UTF-8 becomes U+FFFD.
pub struct Decoder(Utf8);

impl Decoder {
    /// A decoder that removes a byte order mark at the beginning.
    pub fn new() -> Result<Self, Failure<JsJson>> {
        Self::with(&TextDecoderOptions::new())
    }

    /// A decoder that keeps it.
    pub fn keeping_byte_order_marks() -> Result<Self, Failure<JsJson>> {
        let options = TextDecoderOptions::new();
        // web-sys has no setter for it.
        Reflect::set(&options, &"ignoreBOM".into(), &JsValue::TRUE).map_err(broken)?;
        Self::with(&options)
    }

    fn with(options: &TextDecoderOptions) -> Result<Self, Failure<JsJson>> {
        let decoder = TextDecoder::new_with_label_and_options("utf-8", options).map_err(broken)?;
        Ok(Self(decoder.unchecked_into()))
    }

    /// Text of bytes that are complete.
    pub fn decode(&self, bytes: &[u8]) -> Result<JsString, Failure<JsJson>> {
        self.0.decode(bytes).map_err(broken)
    }
}

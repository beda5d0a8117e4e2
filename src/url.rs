//! Text in URLs.

use alloc::string::String;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that RFC 3986 leaves unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes all that could mean something in a URL's path or query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}

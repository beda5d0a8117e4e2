//! Text in URLs.

use alloc::string::String;

/// Percent-encodes all but the characters that RFC 3986 leaves unreserved (2.3): all that could mean something in a URL's
/// path or query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let escaped = [b'%', hexadecimal(byte >> 4), hexadecimal(byte & 15)];
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let bytes = if is_plain { &[byte][..] } else { &escaped };
        for byte in bytes {
            encoded.push(char::from(*byte));
        }
    }
    encoded
}

fn hexadecimal(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' - 10 + digit }
}

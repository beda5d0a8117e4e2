//! Content types.

/// Whether this is the content type of an event stream, by the rules of the Fetch standard ("extract a MIME type"), as for
/// EventSource: of several content types, joined by commas, the last valid one counts; parameters and case do not matter.
pub fn is_event_stream(content_type: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    // At commas, but not at those within quotes.
    let types = content_type.as_bytes().split(|byte| {
        let is_comma = *byte == b',' && !is_quoted;
        is_quoted ^= *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && is_quoted && !is_escaped;
        is_comma
    });
    let last = types.filter_map(essence).filter(|essence| *essence != b"*/*").last();
    last.is_some_and(|last| last.eq_ignore_ascii_case(b"text/event-stream"))
}

/// Type and subtype of a MIME type, if it has both.
fn essence(mime_type: &[u8]) -> Option<&[u8]> {
    let essence = mime_type.split(|byte| *byte == b';').next()?.trim_ascii();
    let mut parts = essence.split(|byte| *byte == b'/');
    let has_both = is_token(parts.next()?) && is_token(parts.next()?) && parts.next().is_none();
    has_both.then_some(essence)
}

/// A token of HTTP (RFC 9110, 5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_of_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_valid_content_type_counts() {
        for (content_type, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            (" text/event-stream ;", true),
            ("text/event-stream, text/event-stream", true),
            ("text/html, text/event-stream", true),
            ("text/event-stream, text/html", false),
            ("text/event-stream, */*", true),
            ("text/event-stream, nonsense", true),
            ("text/event-stream;a=\"x, text/html\"", true),
            ("text/html;a=\"x\\\", text/event-stream\"", false),
            ("text/html;a=\"x, text/event-stream", false),
            ("", false),
            ("text/event-streams", false),
            ("text/event stream", false),
            ("text", false),
        ] {
            assert_eq!(is_event_stream(content_type), expected, "{content_type}");
        }
    }
}

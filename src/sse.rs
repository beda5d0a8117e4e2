//! Bytes to frames, after the rules of the WHATWG HTML standard (9.2.6, interpreting an event stream).

use std::borrow::Cow;
use std::mem;

use memchr::memchr2;

/// How large a frame may become by default: 16 MiB.
pub const LARGEST_FRAME: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An incremental decoder of one event stream: give it the bytes as they arrive, in chunks of any size.
///
/// Each byte is looked at once, however small the chunks are. What is unfinished when the stream ends is dropped, with
/// the decoder, as the standard wants it.
///
/// ```
/// use cvm_watch::SseDecoder;
///
/// let mut decoder = SseDecoder::default();
/// let mut frames = Vec::new();
/// for chunk in ["event: sta", "te\r\ndata: {}\r", "\n\r"] {
///     decoder.decode(chunk.as_bytes(), |frame| frames.push((frame.event.into_owned(), frame.data.into_owned())))?;
/// }
/// assert_eq!(frames, [("state".into(), "{}".into())]);
/// # Ok::<(), cvm_watch::FrameTooLarge>(())
/// ```
#[derive(Clone, Debug)]
pub struct SseDecoder {
    largest_frame: usize,
    start: Start,
    /// The last byte was a CR, so that an LF right after it belongs to the same line end.
    after_cr: bool,
    /// A line whose end has not arrived.
    line: Vec<u8>,
    event: Vec<u8>,
    /// The data lines so far, each with an LF behind it.
    data: Vec<u8>,
    last_event_id: Vec<u8>,
    retry: Option<u64>,
}

/// Whether a byte order mark may still come: the stream may begin with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// So many bytes of one have arrived.
    Mark(usize),
    Passed,
}

/// An event, as the stream holds it. What is not UTF-8 has become U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseFrame<'a> {
    /// The event's name: `message`, if the stream does not say.
    pub event: Cow<'a, str>,
    /// The data lines, with LF between them.
    pub data: Cow<'a, str>,
    /// The last `id` of the stream so far.
    pub last_event_id: Cow<'a, str>,
}

/// A frame has become larger than it may: the stream is not worth its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLarge {
    /// How large it may become, in bytes.
    pub largest: usize,
}

impl std::fmt::Display for FrameTooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server sent an event of more than {} bytes", self.largest)
    }
}

impl std::error::Error for FrameTooLarge {}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new(LARGEST_FRAME)
    }
}

impl SseDecoder {
    /// A decoder for frames of up to so many bytes.
    pub fn new(largest_frame: usize) -> Self {
        Self {
            largest_frame,
            start: Start::Mark(0),
            after_cr: false,
            line: Vec::new(),
            event: Vec::new(),
            data: Vec::new(),
            last_event_id: Vec::new(),
            retry: None,
        }
    }

    /// The reconnection time that the stream asks for, in milliseconds.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Takes the next bytes, and gives every frame that they complete.
    ///
    /// # Errors
    /// A frame is too large. The stream cannot be decoded any further.
    pub fn decode(&mut self, chunk: &[u8], mut give: impl FnMut(SseFrame<'_>)) -> Result<(), FrameTooLarge> {
        let mut rest = self.without_mark(chunk);
        if mem::take(&mut self.after_cr) {
            rest = self.without_line_feed(rest);
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (head, tail) = (&rest[..end], &rest[end + 1..]);
            self.check_size(head.len())?;
            if self.line.is_empty() {
                self.take_line(head, &mut give);
            } else {
                let mut line = mem::take(&mut self.line);
                line.extend_from_slice(head);
                self.take_line(&line, &mut give);
                line.clear();
                self.line = line;
            }
            rest = if rest[end] == b'\r' { self.without_line_feed(tail) } else { tail };
        }
        self.check_size(rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// Skips a byte order mark at the stream's start, even if its bytes come one by one.
    fn without_mark<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let Start::Mark(seen) = self.start else { return chunk };
        let expected = &BYTE_ORDER_MARK[seen..];
        let same = chunk.iter().zip(expected).take_while(|(byte, mark)| byte == mark).count();
        if same == expected.len() {
            self.start = Start::Passed;
            return &chunk[same..];
        }
        if same == chunk.len() {
            self.start = Start::Mark(seen + same);
            return &[];
        }
        // It only began like one: those bytes belong to the first line.
        self.start = Start::Passed;
        self.line.extend_from_slice(&BYTE_ORDER_MARK[..seen]);
        chunk
    }

    /// After a CR: an LF still belongs to it, and may be in the next chunk.
    fn without_line_feed<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.after_cr = rest.is_empty();
        rest.strip_prefix(b"\n").unwrap_or(rest)
    }

    fn check_size(&self, more: usize) -> Result<(), FrameTooLarge> {
        let size = self.line.len() + self.data.len() + more;
        if size > self.largest_frame { Err(FrameTooLarge { largest: self.largest_frame }) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8], give: &mut impl FnMut(SseFrame<'_>)) {
        if line.is_empty() {
            return self.dispatch(give);
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => value.clone_into(&mut self.event),
            b"id" if !value.contains(&0) => value.clone_into(&mut self.last_event_id),
            b"retry" => self.retry = digits(value).or(self.retry),
            // A comment, if the field is empty; else a field of tomorrow.
            _ => {}
        }
    }

    /// A blank line ends a frame; one without data is none.
    fn dispatch(&mut self, give: &mut impl FnMut(SseFrame<'_>)) {
        if let Some((_, data)) = self.data.split_last() {
            let event = if self.event.is_empty() { b"message" } else { &self.event[..] };
            give(SseFrame { event: text(event), data: text(data), last_event_id: text(&self.last_event_id) });
        }
        self.data.clear();
        self.event.clear();
    }
}

/// Text as browsers read it. It is nearly always sound, and to see that is faster than to mend it.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A number of ASCII digits only.
fn digits(value: &[u8]) -> Option<u64> {
    if value.iter().all(u8::is_ascii_digit) { str::from_utf8(value).ok()?.parse().ok() } else { None }
}

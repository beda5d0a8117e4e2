//! Bytes to frames, after the rules of the WHATWG HTML standard (9.2.6, interpreting an event stream).

use std::mem;

use memchr::memchr2;

/// How large a frame may become by default: 16 MiB.
pub const LARGEST_FRAME: usize = 16 << 20;

/// An incremental decoder of one event stream: give it the bytes as they arrive, in chunks of any size.
///
/// Each byte is looked at once, however small the chunks are. A frame that is unfinished when the stream ends is dropped
/// with the decoder, as the standard requires.
///
/// ```
/// use cvm_watch::{SseDecoder, SseItem};
///
/// let mut decoder = SseDecoder::default();
/// let mut frames = Vec::new();
/// for chunk in ["event: sta", "te\r\ndata: {}\r", "\n\r"] {
///     decoder.decode(chunk.as_bytes(), |item| {
///         if let SseItem::Frame { event, data } = item {
///             frames.push((event.to_vec(), data.to_vec()));
///         }
///     })?;
/// }
/// assert_eq!(frames, [(b"state".to_vec(), b"{}".to_vec())]);
/// # Ok::<(), cvm_watch::FrameTooLarge>(())
/// ```
#[derive(Clone, Debug)]
pub struct SseDecoder {
    largest_frame: usize,
    /// A byte order mark may begin the first line.
    is_first_line: bool,
    /// The last byte was a CR, so that an LF right after it belongs to the same line end.
    after_cr: bool,
    /// A line whose end has not arrived.
    line: Vec<u8>,
    event: Vec<u8>,
    /// The data lines so far, each with an LF behind it.
    data: Vec<u8>,
}

/// One item of a stream, as raw bytes. They are UTF-8; the standard replaces invalid bytes by U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SseItem<'a> {
    /// An event.
    Frame {
        /// Its name: `message`, if the stream does not say.
        event: &'a [u8],
        /// The data lines, with LF between them.
        data: &'a [u8],
    },
    /// The last event id of the frames that follow, up to the next one.
    Id(&'a [u8]),
    /// The reconnection time that the stream asks for, in milliseconds.
    Retry(u64),
}

/// A frame is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLarge {
    /// How large it may become, in bytes.
    pub largest: usize,
}

impl FrameTooLarge {
    /// What happened, as a message.
    pub fn message(self) -> String {
        format!("the server sent an event of more than {} bytes", self.largest)
    }
}

impl std::fmt::Display for FrameTooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
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
            is_first_line: true,
            after_cr: false,
            line: Vec::new(),
            event: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes the next bytes, and gives every item that they complete.
    ///
    /// # Errors
    /// A frame is too large. The stream cannot be decoded any further.
    pub fn decode(&mut self, chunk: &[u8], mut give: impl FnMut(SseItem<'_>)) -> Result<(), FrameTooLarge> {
        let mut rest = if mem::take(&mut self.after_cr) { self.without_line_feed(chunk) } else { chunk };
        while let Some((head, [end, tail @ ..])) = memchr2(b'\n', b'\r', rest).and_then(|at| rest.split_at_checked(at))
        {
            self.check_size(head.len())?;
            let mut line = mem::take(&mut self.line);
            let whole = if line.is_empty() {
                head
            } else {
                line.extend_from_slice(head);
                &line
            };
            self.take_line(whole, &mut give);
            line.clear();
            self.line = line;
            rest = if *end == b'\r' { self.without_line_feed(tail) } else { tail };
        }
        self.check_size(rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// After a CR: an LF still belongs to it, and may be in the next chunk.
    fn without_line_feed<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.after_cr = rest.is_empty();
        if let [b'\n', rest @ ..] = rest { rest } else { rest }
    }

    fn check_size(&self, more: usize) -> Result<(), FrameTooLarge> {
        let size = self.line.len() + self.data.len() + more;
        if size > self.largest_frame { Err(FrameTooLarge { largest: self.largest_frame }) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8], give: &mut impl FnMut(SseItem<'_>)) {
        let line = match line {
            [0xef, 0xbb, 0xbf, line @ ..] if self.is_first_line => line,
            _ => line,
        };
        self.is_first_line = false;
        if line.is_empty() {
            return self.dispatch(give);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = match line.split_at_checked(colon).unwrap_or_default() {
            (field, [b':', b' ', value @ ..] | [b':', value @ ..]) => (field, value),
            (field, _) => (field, Default::default()),
        };
        match field {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => value.clone_into(&mut self.event),
            b"id" if value.iter().all(|byte| *byte != 0) => give(SseItem::Id(value)),
            b"retry" => {
                if let Some(milliseconds) = digits(value) {
                    give(SseItem::Retry(milliseconds));
                }
            }
            // A comment, if the field is empty; else a field that the standard does not know (yet).
            _ => {}
        }
    }

    /// A blank line ends a frame; one without data is none.
    fn dispatch(&mut self, give: &mut impl FnMut(SseItem<'_>)) {
        if let Some((_, data)) = self.data.split_last() {
            let event = if self.event.is_empty() { b"message" } else { &self.event[..] };
            give(SseItem::Frame { event, data });
        }
        self.data.clear();
        self.event.clear();
    }
}

/// A number of ASCII digits only.
pub fn digits(value: &[u8]) -> Option<u64> {
    let append = |number: u64, digit: &u8| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    };
    value.first()?;
    value.iter().try_fold(0, append)
}

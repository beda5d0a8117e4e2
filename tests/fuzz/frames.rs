//! Frames: the decoder, fed in chunks, against a reader of the whole stream that follows the standard line by line.

use cvm_watch::{FrameTooLarge, SseDecoder, SseItem};
use fastrand::Rng;

pub const WORDS: &[&[u8]] = &[
    b"data:",
    b"data: ",
    b"data",
    b"event:",
    b"event: state",
    b"id:",
    b"id: 7",
    b"id: \0",
    b"retry: 5000",
    b"retry:",
    b"retry: 99999999999999999999",
    b":",
    b": ping",
    b" ",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\r",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xef",
    b"\xbb",
    b"\xe2\x82\xac",
    b"\xe2\x82",
    b"\xf0\x9f\x9a\x80",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xff",
    b"\0",
    b"x",
    b"{\"status\":\"running\"}",
];

/// Event, data, last event id.
type Event = (String, String, String);

/// The first two bytes say how the rest is cut, and how large a frame may be.
pub fn check(input: &[u8]) {
    let (&[cuts, cap], stream) = input.split_first_chunk().unwrap_or((&[0, 0], input));
    let (expected, retry) = read_whole(stream);

    let mut decoder = SseDecoder::default();
    let whole = decode(&mut decoder, stream, cuts).expect("far below the default size");
    assert_eq!(whole, (expected.clone(), retry));

    // The decoder's memory is bounded: it fails at exactly the first byte over the limit, not before.
    let largest = usize::from(cap);
    let mut capped = SseDecoder::new(largest);
    match decode(&mut capped, stream, cuts) {
        Ok((events, _)) => assert_eq!((events, largest_frame(stream) <= largest), (expected, true)),
        Err(error) => assert_eq!((error, largest_frame(stream) > largest), (FrameTooLarge { largest }, true)),
    }
}

fn decode(decoder: &mut SseDecoder, mut stream: &[u8], cuts: u8) -> Result<(Vec<Event>, Option<u64>), FrameTooLarge> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut events, mut last_event_id, mut retry) = (Vec::new(), String::new(), None);
    let mut rng = Rng::with_seed(cuts.into());
    while !stream.is_empty() {
        let size = match cuts {
            0 => stream.len(),
            1 => 1,
            _ => rng.usize(0..=stream.len().min(usize::from(cuts))),
        };
        let (chunk, rest) = stream.split_at(size);
        decoder.decode(chunk, |item| match item {
            SseItem::Frame { event, data } => events.push((text(event), text(data), last_event_id.clone())),
            SseItem::Id(id) => last_event_id = text(id),
            SseItem::Retry(milliseconds) => retry = Some(milliseconds),
        })?;
        stream = rest;
    }
    Ok((events, retry))
}

/// WHATWG HTML, 9.2.5 and 9.2.6, with the whole stream at hand.
fn read_whole(stream: &[u8]) -> (Vec<Event>, Option<u64>) {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut retry) = (Vec::new(), None);
    let (mut event, mut data, mut id) = (String::new(), String::new(), String::new());
    let Some((complete_lines, _)) = text.rsplit_once('\n') else { return (events, retry) };
    for line in complete_lines.split('\n') {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                let event = if event.is_empty() { "message".into() } else { event.clone() };
                events.push((event, data.into(), id.clone()));
            }
            (event, data) = Default::default();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event = value.into(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value.into(),
            "retry" if value.chars().all(|char| char.is_ascii_digit()) => retry = value.parse().ok().or(retry),
            _ => {}
        }
    }
    (events, retry)
}

/// How many bytes of a frame the decoder must hold at most: its data lines with their ends, and the line that is being read,
/// with the byte order mark that may begin it.
fn largest_frame(stream: &[u8]) -> usize {
    let (mut largest, mut data, mut line) = (0, 0, Vec::new());
    let (mut before, mut is_first_line) = (0, true);
    for byte in stream {
        match (before, byte) {
            (b'\r', b'\n') => {}
            (_, b'\r' | b'\n') => {
                if std::mem::take(&mut is_first_line) && line.starts_with(b"\xef\xbb\xbf") {
                    line.drain(..3);
                }
                if line.is_empty() {
                    data = 0;
                } else if line == b"data" {
                    data += 1;
                } else if let Some(value) = line.strip_prefix(b"data:") {
                    data += value.strip_prefix(b" ").unwrap_or(value).len() + 1;
                }
                line.clear();
            }
            _ => line.push(*byte),
        }
        before = *byte;
        largest = largest.max(data + line.len());
    }
    largest
}

pub fn megabytes_byte_by_byte() {
    let long_line = [b"data: ".as_slice(), &b"x".repeat(1 << 20), b"\n\n"].concat();
    let short_lines = [b"data: x\n".repeat(1 << 17), b"\n".into()].concat();
    let comments = [b": ping\r\n".repeat(1 << 17), b"data: x\r\n\r\n".into()].concat();
    for stream in [long_line, short_lines, comments] {
        let mut decoder = SseDecoder::default();
        assert_eq!(decode(&mut decoder, &stream, 1).map(|(events, _)| events.len()), Ok(1));
    }
}

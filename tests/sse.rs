//! The decoder of event streams against vectors written after the standard, in every chunking: natively and in the
//! browser.

use cvm_watch::{FrameTooLarge, SseDecoder, SseItem};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Streams (each character a byte) with the events that they hold.
const VECTORS: &str = include_str!("vectors/sse.json");

/// Event, data, last event id.
type Event = (String, String, String);

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<u64>) {
    let mut decoder = SseDecoder::default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut events, mut last_event_id, mut retry) = (Vec::new(), String::new(), None);
    for chunk in chunks {
        let give = |item: SseItem<'_>| match item {
            SseItem::Frame { event, data } => events.push((text(event), text(data), last_event_id.clone())),
            SseItem::Id(id) => last_event_id = text(id),
            SseItem::Retry(milliseconds) => retry = Some(milliseconds),
        };
        decoder.decode(chunk, give).unwrap();
    }
    (events, retry)
}

fn bytes(value: &Value) -> Vec<u8> {
    value.as_str().unwrap().chars().map(|char| u8::try_from(char).unwrap()).collect()
}

fn expected(vector: &Value) -> Vec<Event> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let events = vector["expected"].as_array().unwrap();
    events.iter().map(|event| (text(event, "event"), text(event, "data"), text(event, "lastEventId"))).collect()
}

fn for_each_vector(check: impl Fn(&str, &[u8], &Value, &[Event])) {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 40);
    for vector in &vectors {
        check(vector["name"].as_str().unwrap(), &bytes(&vector["stream"]), vector, &expected(vector));
    }
}

#[test]
fn whole() {
    for_each_vector(|name, stream, vector, expected| {
        let (events, retry) = decode([stream]);
        assert_eq!(events, expected, "{name}");
        assert!(vector.get("retry").is_none_or(|wanted| wanted.as_u64() == retry), "{name}");
    });
}

#[test]
fn byte_by_byte() {
    for_each_vector(|name, stream, _, expected| assert_eq!(decode(stream.chunks(1)).0, expected, "{name}"));
}

#[test]
fn in_chunks_of_every_size() {
    for_each_vector(|name, stream, _, expected| {
        for size in 2..=stream.len().min(64) {
            assert_eq!(decode(stream.chunks(size)).0, expected, "{name}, chunks of {size}");
        }
    });
}

#[test]
fn cut_in_two_at_every_place_with_an_empty_chunk_between() {
    for_each_vector(|name, stream, _, expected| {
        for place in 0..=stream.len() {
            let (head, tail) = stream.split_at(place);
            assert_eq!(decode([head, &[], tail]).0, expected, "{name}, cut at {place}");
        }
    });
}

#[test]
fn in_the_chunks_that_a_vector_comes_with() {
    for_each_vector(|name, _, vector, expected| {
        let Some(chunks) = vector.get("chunks").and_then(Value::as_array) else { return };
        let chunks: Vec<_> = chunks.iter().map(bytes).collect();
        assert_eq!(decode(chunks.iter().map(Vec::as_slice)).0, expected, "{name}");
    });
}

#[test]
fn a_frame_is_given_as_soon_as_its_blank_line_is_there() {
    for end in ["\n\n", "\r\r", "\r\n\r"] {
        let stream = format!("data: a{end}");
        assert_eq!(decode([stream.as_bytes()]).0.len(), 1, "{end:?}");
    }
}

#[test]
fn a_frame_beyond_the_cap_is_an_error_however_it_comes() {
    let line = format!("data: {}\n\n", "x".repeat(100));
    let lines = "data: xxxx\n".repeat(30);
    let endless = "x".repeat(200);
    for stream in [&line, &lines, &endless] {
        for size in [1, 7, 1000] {
            let mut decoder = SseDecoder::new(100);
            let result = stream.as_bytes().chunks(size).try_for_each(|chunk| decoder.decode(chunk, |_| ()));
            assert_eq!(result, Err(FrameTooLarge { largest: 100 }), "{stream:.10}, chunks of {size}");
        }
    }
    let message = FrameTooLarge { largest: 100 }.message();
    assert_eq!(message, "the server sent an event of more than 100 bytes");
}

#[test]
fn many_frames_below_the_cap_are_no_error() {
    let mut decoder = SseDecoder::new(100);
    let mut count = 0;
    for _ in 0..1000 {
        decoder.decode(b": a comment\ndata: xxxxxxxxxxxxxxxxxxxxxxxxxx\n\n", |_| count += 1).unwrap();
    }
    assert_eq!(count, 1000);
}

#[test]
fn a_day_of_keep_alives_leaves_nothing_behind() {
    let comments = [": ping\n\n", ":\n\n", ": ping - 2026-01-01 00:00:00+00:00\r\n\r\n", ": \r\r"];
    let mut decoder = SseDecoder::default();
    let mut feed = |times: usize| {
        for chunk in comments.iter().cycle().take(times).flat_map(|comment| comment.as_bytes().chunks(5)) {
            decoder.decode(chunk, |_| panic!("a comment is no event")).unwrap();
        }
        format!("{decoder:?}")
    };
    let every_15_s = 24 * 3600 / 15;
    assert_eq!(feed(comments.len()), feed(every_15_s), "what it holds");
    let here = SseItem::Frame { event: b"message", data: b"still here" };
    decoder.decode(b"data: still here\n\n", |item| assert_eq!(item, here)).unwrap();
}

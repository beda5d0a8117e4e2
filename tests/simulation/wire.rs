//! Frames as bytes, in chunks: every way in which a server may write them and a network may cut them.

use std::mem;
use std::time::Duration;

use fastrand::Rng;

use crate::script::{Message, Step};

/// How large a frame may become here: enough for every frame but a flood.
pub const LARGEST_FRAME: usize = 1_000;

/// What arrives: some bytes, or how the stream ends.
#[derive(Clone, Debug)]
pub enum Chunk {
    Bytes(Vec<u8>),
    End,
    Break,
}

/// The chunks of a stream, and when each arrives. A frame is complete at the time of its step.
pub fn chunks(start: Duration, steps: &[(Duration, Step)], seed: u64) -> Vec<(Duration, Chunk)> {
    let mut rng = Rng::with_seed(seed);
    let line_end = ["\n", "\r\n", "\r"][rng.usize(0..3)];
    let mut wire = Wire { rng, line_end, chunks: Vec::new(), now: start, begun: Vec::new() };
    if wire.rng.bool() {
        wire.begun.extend("\u{feff}".bytes());
    }
    for (wait, step) in steps {
        let due = wire.now + *wait;
        match step {
            Step::Say(message) => wire.say(due, message),
            Step::End => wire.end(due, Chunk::End),
            Step::Break | Step::CloseForGood => wire.end(due, Chunk::Break),
            Step::Refuse(_) => unreachable!("it never comes through the decoder"),
            Step::Flood => {
                let flood = vec![b'x'; LARGEST_FRAME + 1];
                wire.send(due, &flood);
            }
        }
        wire.now = due;
    }
    wire.chunks
}

struct Wire {
    rng: Rng,
    line_end: &'static str,
    chunks: Vec<(Duration, Chunk)>,
    now: Duration,
    /// Bytes that come with the next ones.
    begun: Vec<u8>,
}

impl Wire {
    fn say(&mut self, due: Duration, message: &Message) {
        let mut lines: Vec<String> = Vec::new();
        let space = if self.rng.bool() { " " } else { "" };
        // A line break in JSON, where it means nothing.
        let data = if self.rng.bool() { message.data.replace("\"n\":", "\n\"n\":") } else { message.data.clone() };
        lines.extend(data.split('\n').map(|line| format!("data:{space}{line}")));
        if message.name != "message" || self.rng.bool() {
            let place = self.rng.usize(0..=lines.len());
            lines.insert(place, format!("event:{space}{}", message.name));
        }
        for extra in [": ping", ":", "retry: 0", "id: 7", "id", "Data: x", "datas: x", "unheard: of"] {
            if self.rng.u8(0..8) == 0 {
                let place = self.rng.usize(0..=lines.len());
                lines.insert(place, extra.into());
            }
        }
        let mut bytes = mem::take(&mut self.begun);
        // Blank lines and names without data before it make no frame.
        for nothing in ["", "event: complete|", ": ping||"] {
            if self.rng.u8(0..8) == 0 {
                bytes.extend(nothing.replace('|', self.line_end).bytes());
                bytes.extend(self.line_end.bytes());
                bytes.extend(self.line_end.bytes());
            }
        }
        for line in lines {
            bytes.extend(line.bytes());
            bytes.extend(self.line_end.bytes());
        }
        bytes.extend(self.line_end.bytes());
        if self.line_end == "\r\n" {
            // The frame is complete at the CR: the LF may come with what follows.
            bytes.pop();
            self.begun.push(b'\n');
        }
        self.send(due, &bytes);
    }

    /// A frame that is not complete when the stream ends is none.
    fn end(&mut self, due: Duration, end: Chunk) {
        let mut bytes = mem::take(&mut self.begun);
        if self.rng.bool() {
            let begun = format!("event: state{0}data: {{\"status\":\"running\"}}{0}", self.line_end);
            bytes.extend(begun.bytes().take(self.rng.usize(0..=begun.len())));
        }
        self.send(due, &bytes);
        self.chunks.push((due, end));
    }

    /// Sends bytes in pieces, of which the last arrives at `due` and the others some time before.
    fn send(&mut self, due: Duration, mut bytes: &[u8]) {
        let mut at = self.now;
        let pieces = [1, 1, 2, 3, 50][self.rng.usize(0..5)];
        for _ in 1..pieces {
            // The last byte, which may complete a frame, is left for `due`.
            let (piece, rest) = bytes.split_at(self.rng.usize(0..bytes.len().max(1)));
            at += due.saturating_sub(at) * self.rng.u32(0..=4) / 4;
            self.arrive(at, piece);
            bytes = rest;
        }
        self.arrive(due, bytes);
    }

    /// Bytes that arrive together may be one chunk.
    fn arrive(&mut self, at: Duration, bytes: &[u8]) {
        match self.chunks.last_mut() {
            Some((before, Chunk::Bytes(chunk))) if *before == at && self.rng.bool() => chunk.extend(bytes),
            _ => self.chunks.push((at, Chunk::Bytes(bytes.into()))),
        }
    }
}

//! Scripts: how the next requests for a CVM are answered, step by step.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, de};

use crate::head::Head;
use crate::lock::Lock;
use crate::log::Kind;

/// The scripts of all CVMs, by the exact id of the request that set them.
#[derive(Default)]
pub struct Scripts(Mutex<HashMap<String, Script>>);

impl Scripts {
    /// Puts a script in place of any former one.
    pub fn put(&self, id: &str, script: Script) {
        self.0.locked().insert(id.to_owned(), script);
    }

    /// Whether there is, or was, a script for this id.
    pub fn know(&self, id: &str) -> bool {
        self.0.locked().contains_key(id)
    }

    /// Takes what the next request of this kind is answered with, if anything is left.
    pub fn next(&self, id: &str, kind: Kind) -> Option<Steps> {
        let mut scripts = self.0.locked();
        let script = scripts.get_mut(id)?;
        match kind {
            Kind::Stream => script.streams.pop_front(),
            Kind::Read => script.reads.pop_front(),
            Kind::Preflight => None,
        }
    }
}

/// One list of steps for every request to come.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(default)]
    streams: VecDeque<Steps>,
    #[serde(default)]
    reads: VecDeque<Steps>,
}

/// The steps of one answer. The head can be given once, before the body.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<Step>")]
pub struct Steps(Arc<[Step]>);

/// One step of an answer.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Sends the head.
    Respond(Head),
    /// Sends a piece of the body.
    #[serde(deserialize_with = "text")]
    Send(Bytes),
    /// Likewise, any bytes.
    #[serde(deserialize_with = "base64")]
    SendBase64(Bytes),
    /// Does nothing for a while.
    #[serde(deserialize_with = "milliseconds")]
    Wait(Duration),
    /// Ends the body.
    End,
    /// Cuts the connection.
    Reset,
    /// Does nothing until the client leaves.
    Hold,
    /// Does some steps several times.
    Repeat(Repeat),
}

/// Steps to be done several times.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    #[serde(deserialize_with = "at_least_once")]
    times: u32,
    steps: RepeatedSteps,
}

/// The steps of a [`Repeat`]. They are checked with the list that they are in.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<Step>")]
struct RepeatedSteps(Arc<[Step]>);

impl TryFrom<Vec<Step>> for Steps {
    type Error = &'static str;

    fn try_from(steps: Vec<Step>) -> Result<Self, Self::Error> {
        check_heads(&steps, &mut false)?;
        Ok(Self(steps.into()))
    }
}

/// Checks that no step gives a head when there is one already.
fn check_heads(steps: &[Step], has_head: &mut bool) -> Result<(), &'static str> {
    for step in steps {
        match step {
            Step::Respond(_) if *has_head => return Err("a respond step comes too late: the head has been sent"),
            Step::Respond(_) | Step::Send(_) | Step::SendBase64(_) => *has_head = true,
            Step::Repeat(repeat) => {
                check_heads(&repeat.steps.0, has_head)?;
                if repeat.times > 1 {
                    check_heads(&repeat.steps.0, has_head)?;
                }
            }
            Step::Wait(_) | Step::End | Step::Reset | Step::Hold => {}
        }
    }
    Ok(())
}

impl TryFrom<Vec<Step>> for RepeatedSteps {
    type Error = &'static str;

    fn try_from(steps: Vec<Step>) -> Result<Self, Self::Error> {
        if steps.is_empty() {
            return Err("repeat needs at least one step");
        }
        Ok(Self(steps.into()))
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    String::deserialize(deserializer).map(Bytes::from)
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let encoded = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(encoded).map(Bytes::from).map_err(de::Error::custom)
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn at_least_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(de::Error::custom("times must be at least 1")),
        times => Ok(times),
    }
}

impl Steps {
    /// The steps one after the other, repeats unrolled as they come.
    pub fn unroll(&self) -> Unrolled {
        Unrolled(vec![Lap { steps: Arc::clone(&self.0), at: 0, left: 1 }])
    }
}

/// Where an answer is in its steps.
#[derive(Default)]
pub struct Unrolled(Vec<Lap>);

struct Lap {
    steps: Arc<[Step]>,
    at: usize,
    left: u32,
}

impl Iterator for Unrolled {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let lap = self.0.last_mut()?;
            let Some(step) = lap.steps.get(lap.at) else {
                lap.left -= 1;
                lap.at = 0;
                if lap.left == 0 {
                    self.0.pop();
                }
                continue;
            };
            lap.at += 1;
            match step.clone() {
                Step::Repeat(repeat) => self.0.push(Lap { steps: repeat.steps.0, at: 0, left: repeat.times }),
                step => return Some(step),
            }
        }
    }
}

//! Conditions: the faults of the network, a proxy or the server that hold for every request, until they are changed.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Deserializer, de};
use serde_json::json;

use crate::buffer::Buffering;
use crate::fleet::Fleet;
use crate::head::Head;
use crate::lock::Lock;
use crate::log::Kind;

const DAY_MS: u64 = 86_400_000;

/// The conditions of all CVMs, and those of some.
#[derive(Default)]
pub struct AllConditions(Mutex<Vec<(Option<String>, Conditions)>>);

impl AllConditions {
    /// Sets the conditions of one CVM, or of all that have none of their own.
    pub fn put(&self, cvm: Option<&str>, conditions: Conditions) {
        let mut all = self.0.locked();
        all.retain(|(known, _)| known.as_deref() != cvm);
        all.push((cvm.map(str::to_owned), conditions));
    }

    /// Takes the conditions of one CVM away, or those of all.
    pub fn clear(&self, cvm: Option<&str>) {
        self.0.locked().retain(|(known, _)| cvm.is_some_and(|cvm| known.as_deref() != Some(cvm)));
    }

    /// The conditions for a request with this id.
    pub fn of(&self, id: &str, fleet: &Fleet) -> Conditions {
        let all = self.0.locked();
        let own = all.iter().find(|(cvm, _)| cvm.as_ref().is_some_and(|cvm| fleet.same(cvm, id)));
        let conditions = own.or_else(|| all.iter().find(|(cvm, _)| cvm.is_none()));
        conditions.map(|(_, conditions)| conditions.clone()).unwrap_or_default()
    }
}

/// The faults on the way to the API, and of its clock. By default there are none.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Conditions {
    #[serde(deserialize_with = "delay_ms")]
    delay_ms: u64,
    #[serde(deserialize_with = "clock_offset_ms")]
    clock_offset_ms: i64,
    retry_after_as_date: bool,
    /// The conditions of streams.
    pub streams: StreamConditions,
    reads: ReadConditions,
}

/// What happens to streams.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamConditions {
    respond: Option<Head>,
    /// What a proxy holds back.
    pub buffer: Option<Buffering>,
    /// How a stream behaves after its first state, if it sends no further one.
    pub dead: Option<Dead>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct ReadConditions {
    respond: Option<Head>,
}

/// A stream that stays open and sends no state.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Dead {
    /// Nothing comes.
    Silent,
    /// Keep-alive comments come.
    Comments,
}

impl Conditions {
    /// How long every answer takes.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The answer to a request that does not get through to the API.
    pub fn refusal(&self, kind: Kind) -> Option<Response> {
        let head = self.head(kind).filter(|head| !head.status.is_success() || !head.has_body())?;
        let body = json!({ "detail": "refused, as the simulator was told to" }).to_string();
        Some(head.response(kind).map(|_| if head.has_body() { Body::from(body) } else { Body::empty() }))
    }

    /// Changes the head of an answer that the API gives.
    pub fn pass_on(&self, kind: Kind, mut response: Response) -> Response {
        if let Some(head) = self.head(kind)
            && response.status().is_success()
        {
            head.apply_to(&mut response);
        }
        response
    }

    fn head(&self, kind: Kind) -> Option<&Head> {
        match kind {
            Kind::Stream => self.streams.respond.as_ref(),
            Kind::Read => self.reads.respond.as_ref(),
            Kind::Preflight => None,
        }
    }

    /// Sends the time of the server's clock, if that is wrong, or if a date must be compared with it.
    pub fn tell_time(&self, mut response: Response) -> Response {
        if self.clock_offset_ms == 0 && !self.retry_after_as_date {
            return response;
        }
        let offset = Duration::from_millis(self.clock_offset_ms.unsigned_abs());
        let now = SystemTime::now();
        let now = if self.clock_offset_ms < 0 { now - offset } else { now + offset };
        let headers = response.headers_mut();
        headers.entry(header::DATE).or_insert_with(|| date(now));
        let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
        if let Some(seconds) = seconds.filter(|_| self.retry_after_as_date) {
            headers.insert(header::RETRY_AFTER, date(now + Duration::from_secs(seconds.into())));
        }
        response
    }
}

fn delay_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let delay = u64::deserialize(deserializer)?;
    if delay > DAY_MS { Err(de::Error::custom("delayMs is a day at most")) } else { Ok(delay) }
}

fn clock_offset_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let offset = i64::deserialize(deserializer)?;
    // Far from where dates of HTTP end.
    if offset.unsigned_abs() > 3660 * DAY_MS {
        return Err(de::Error::custom("clockOffsetMs is ten years at most"));
    }
    Ok(offset)
}

fn date(time: SystemTime) -> HeaderValue {
    HeaderValue::try_from(httpdate::fmt_http_date(time)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

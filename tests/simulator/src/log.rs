//! The log of requests: what came in, and how each one ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::counters::{Level, Rate};
use crate::lock::Lock;

/// What a request asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An event stream: a target was given.
    Stream,
    /// The present state, once.
    Read,
    /// A preflight: the browser asks whether it may send the request.
    Preflight,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Ending {
    /// The answer was given to its end.
    #[serde(rename = "served")]
    Served,
    /// The simulator cut the connection.
    #[serde(rename = "reset")]
    Reset,
    /// The client closed the connection before the answer's end.
    #[serde(rename = "client left")]
    ClientLeft,
}

/// One request. Times are milliseconds since the log began.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    n: u64,
    cvm: String,
    kind: Kind,
    method: String,
    version: String,
    path: String,
    headers: BTreeMap<String, String>,
    arrived_at: f64,
    status: Option<u16>,
    left_at: Option<f64>,
    ending: Option<Ending>,
}

/// Every request for a CVM's state, oldest first.
#[derive(Clone)]
pub struct RequestLog {
    began: Instant,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    arrivals: u64,
    entries: Vec<Entry>,
    reads: Level,
    read_rate: Rate,
}

impl Pages {
    /// A request, unless it has been forgotten.
    fn entry(&mut self, n: u64) -> Option<&mut Entry> {
        let index = self.entries.binary_search_by_key(&n, |entry| entry.n).ok()?;
        self.entries.get_mut(index)
    }
}

impl RequestLog {
    /// An empty log, whose clock starts now.
    pub fn new() -> Self {
        Self { began: Instant::now(), pages: Arc::default() }
    }

    /// Notes a request; the visit notes its end.
    pub fn arrive(&self, kind: Kind, cvm: &str, request: &Parts) -> Visit {
        let mut pages = self.pages.locked();
        pages.arrivals += 1;
        let n = pages.arrivals;
        if kind == Kind::Read {
            pages.reads.rise();
            pages.read_rate.tick();
        }
        pages.entries.push(Entry {
            n,
            cvm: cvm.to_owned(),
            kind,
            method: request.method.to_string(),
            version: format!("{:?}", request.version),
            path: request.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            headers: readable(&request.headers),
            arrived_at: self.now(),
            status: None,
            left_at: None,
            ending: None,
        });
        Visit { n, kind, log: self.clone(), has_left: AtomicBool::new(false) }
    }

    /// The requests for one CVM, or all of them.
    pub fn entries(&self, cvm: Option<&str>) -> Vec<Entry> {
        let pages = self.pages.locked();
        pages.entries.iter().filter(|entry| cvm.is_none_or(|cvm| entry.cvm == cvm)).cloned().collect()
    }

    /// Forgets the requests for one CVM, or all of them. The count goes on.
    pub fn clear(&self, cvm: Option<&str>) {
        self.pages.locked().entries.retain(|entry| cvm.is_some_and(|cvm| entry.cvm != cvm));
    }

    /// Notes the status with which a request is answered.
    pub fn answer(&self, n: u64, status: StatusCode) {
        if let Some(entry) = self.pages.locked().entry(n) {
            entry.status = Some(status.as_u16());
        }
    }

    /// How many reads are unanswered and arrive in a second, now and at most.
    pub fn read_counts(&self) -> Value {
        let mut pages = self.pages.locked();
        let in_last_second = pages.read_rate.in_last_second();
        let Pages { reads, read_rate, .. } = &*pages;
        json!({
            "open": reads.open,
            "mostOpen": reads.most,
            "inLastSecond": in_last_second,
            "mostInASecond": read_rate.most(),
        })
    }

    /// Counts the most anew.
    pub fn reset_counts(&self) {
        let mut pages = self.pages.locked();
        pages.reads.reset();
        pages.read_rate.reset();
    }

    fn leave(&self, visit: &Visit, ending: Ending) {
        if visit.has_left.swap(true, Ordering::SeqCst) {
            return;
        }
        let now = self.now();
        let mut pages = self.pages.locked();
        if visit.kind == Kind::Read {
            pages.reads.fall();
        }
        if let Some(entry) = pages.entry(visit.n) {
            (entry.left_at, entry.ending) = (Some(now), Some(ending));
        }
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

/// A request under way. The first ending counts; one that is dropped without any was left by its client.
pub struct Visit {
    /// The request's number in the log.
    pub n: u64,
    kind: Kind,
    log: RequestLog,
    has_left: AtomicBool,
}

impl Visit {
    /// Notes how the request ended.
    pub fn leave(&self, ending: Ending) {
        self.log.leave(self, ending);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.leave(Ending::ClientLeft);
    }
}

fn readable(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut readable = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        readable
            .entry(name.to_string())
            .and_modify(|values| {
                values.push_str(", ");
                values.push_str(&value);
            })
            .or_insert_with(|| value.to_string());
    }
    readable
}

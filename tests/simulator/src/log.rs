//! The log of requests: what came in, and how each one ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::Serialize;

use crate::lock::Lock;

/// What a request asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An event stream: a target was given.
    Stream,
    /// The present state, once.
    Read,
    /// A browser's question whether it may ask.
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
    path: String,
    headers: BTreeMap<String, String>,
    arrived_at: f64,
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
        pages.entries.push(Entry {
            n,
            cvm: cvm.to_owned(),
            kind,
            method: request.method.to_string(),
            path: request.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            headers: readable(&request.headers),
            arrived_at: self.now(),
            left_at: None,
            ending: None,
        });
        Visit { n, log: self.clone() }
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

    fn leave(&self, n: u64, ending: Ending) {
        let now = self.now();
        let mut pages = self.pages.locked();
        if let Ok(index) = pages.entries.binary_search_by_key(&n, |entry| entry.n) {
            let entry = &mut pages.entries[index];
            entry.left_at.get_or_insert(now);
            entry.ending.get_or_insert(ending);
        }
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

/// A request under way. The first ending counts; one that is dropped without any was left by its client.
pub struct Visit {
    n: u64,
    log: RequestLog,
}

impl Visit {
    /// Notes how the request ended.
    pub fn leave(&self, ending: Ending) {
        self.log.leave(self.n, ending);
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

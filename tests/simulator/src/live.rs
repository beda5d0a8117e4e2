//! The live streams: whose they are, how many a user may have, and how to disturb them.

use std::future;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::connection::Connection;
use crate::counters::Level;
use crate::fault::{Disturbance, Faults};
use crate::lock::Lock;
use crate::log::{Ending, Visit};

/// Every stream that is being answered.
#[derive(Clone, Default)]
pub struct LiveStreams(Arc<Mutex<Seats>>);

#[derive(Default)]
struct Seats {
    last_number: u64,
    per_user: Option<usize>,
    taken: Vec<LiveStream>,
    level: Level,
    refused: usize,
}

/// One stream that is being answered.
#[derive(Clone)]
pub struct LiveStream {
    number: u64,
    user: String,
    /// The id that it was asked for by.
    pub cvm: String,
    visit: Arc<Visit>,
    connection: Connection,
    disturb: mpsc::UnboundedSender<Disturbance>,
}

impl LiveStreams {
    /// No stream, and at most `per_user` for each user.
    pub fn new(per_user: Option<usize>) -> Self {
        let streams = Self::default();
        streams.limit_per_user(per_user);
        streams
    }

    /// How many streams a user may have at a time, if there is a limit.
    pub fn per_user(&self) -> Option<usize> {
        self.0.locked().per_user
    }

    /// Sets the limit for the streams to come; those there are go on.
    pub fn limit_per_user(&self, per_user: Option<usize>) {
        self.0.locked().per_user = per_user;
    }

    /// Admits a stream, or gives the visit back when its user has reached the limit.
    pub fn admit(
        &self,
        cvm: &str,
        user: String,
        visit: Visit,
        connection: Connection,
    ) -> Result<(Exchange, Faults), Visit> {
        let mut seats = self.0.locked();
        let held = seats.taken.iter().filter(|stream| stream.user == user).count();
        if seats.per_user.is_some_and(|limit| held >= limit) {
            seats.refused += 1;
            return Err(visit);
        }
        seats.level.rise();
        seats.last_number += 1;
        let number = seats.last_number;
        let (disturb, disturbances) = mpsc::unbounded_channel();
        let visit = Arc::new(visit);
        seats.taken.push(LiveStream {
            number,
            user,
            cvm: cvm.to_owned(),
            visit: Arc::clone(&visit),
            connection: connection.clone(),
            disturb,
        });
        let seat = Seat { number, streams: self.clone() };
        Ok((Exchange { visit, connection, seat: Some(seat) }, Faults::from(disturbances)))
    }

    /// The live streams that `choose` chooses.
    pub fn choose(&self, choose: impl Fn(&LiveStream) -> bool) -> Vec<LiveStream> {
        // Copied out first: choosing may take other locks.
        let taken = self.0.locked().taken.clone();
        taken.into_iter().filter(choose).collect()
    }

    /// How many streams are open, how many were at most, and how many the limit has refused.
    pub fn counts(&self) -> Value {
        let seats = self.0.locked();
        json!({ "open": seats.level.open, "mostOpen": seats.level.most, "refused": seats.refused })
    }

    /// Counts the most and the refused anew.
    pub fn reset_counts(&self) {
        let mut seats = self.0.locked();
        seats.level.reset();
        seats.refused = 0;
    }

    fn free(&self, number: u64) {
        let freed = {
            let mut seats = self.0.locked();
            let index = seats.taken.iter().position(|stream| stream.number == number);
            index.map(|index| {
                seats.level.fall();
                seats.taken.swap_remove(index)
            })
        };
        drop(freed);
    }

    /// Cuts a stream's connection.
    pub fn reset(&self, stream: &LiveStream) {
        stream.visit.leave(Ending::Reset);
        self.free(stream.number);
        stream.connection.reset();
    }
}

impl LiveStream {
    /// Disturbs the stream, now or as soon as it has begun to answer.
    pub fn disturb(&self, disturbance: Disturbance) {
        // A stream that has just ended cannot be disturbed any more.
        let _ = self.disturb.send(disturbance);
    }
}

/// A request that is being answered. If it is dropped before it was served, the client has left.
pub struct Exchange {
    visit: Arc<Visit>,
    connection: Connection,
    seat: Option<Seat>,
}

impl Exchange {
    /// A one-shot read, which counts against no limit.
    pub fn of_read(visit: Visit, connection: Connection) -> Self {
        Self { visit: Arc::new(visit), connection, seat: None }
    }

    /// The answer was given to its end.
    pub fn served(&self) {
        self.visit.leave(Ending::Served);
    }

    /// Cuts the connection, and waits to be dropped with it.
    pub async fn reset(&self) {
        self.visit.leave(Ending::Reset);
        if let Some(seat) = &self.seat {
            // Before the client can know, so that its next request finds the place free.
            seat.streams.free(seat.number);
        }
        self.connection.reset();
        future::pending::<()>().await;
    }
}

struct Seat {
    number: u64,
    streams: LiveStreams,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.streams.free(self.number);
    }
}

/// Whose stream it is, as far as limits go.
pub fn user_of(headers: &HeaderMap) -> String {
    let key = headers.get("x-api-key").map(|key| format!("key {}", String::from_utf8_lossy(key.as_bytes())));
    key.or_else(|| session_cookie(headers).map(|session| format!("session {session}")))
        .unwrap_or_else(|| "anonymous".to_owned())
}

fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == "session").then_some(value))
}

//! Faults: what can happen to the live streams of a CVM.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at};

use crate::body::Writer;
use crate::sse;
use crate::terms::Terms;

/// A fault, as the scripting API names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connections are cut.
    Drop,
    /// The streams stay open and send nothing more.
    Stall,
    /// The streams stay open and send comments, but no event.
    Mute,
    /// The connections are cut, and the next request of each kind is refused.
    Unavailable,
    /// A frame comes that is not JSON.
    Malformed,
    /// The streams time out now.
    Timeout,
}

impl Fault {
    /// Every fault with its name.
    pub const ALL: [(&str, Self); 6] = [
        ("drop", Self::Drop),
        ("stall", Self::Stall),
        ("mute", Self::Mute),
        ("unavailable", Self::Unavailable),
        ("malformed", Self::Malformed),
        ("timeout", Self::Timeout),
    ];

    /// The fault of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, fault)| (known == name).then_some(fault))
    }
}

/// What is done to a stream's body, its connection staying.
#[derive(Clone, Copy)]
pub enum Disturbance {
    /// It sends nothing more.
    Stall,
    /// It sends comments so often, and nothing else.
    Mute(Duration),
    /// It sends a frame that is not JSON.
    Malformed,
    /// It sends a `timeout` event and ends.
    Timeout,
}

/// The disturbances that a stream is sent.
pub struct Faults(mpsc::UnboundedReceiver<Disturbance>);

impl Faults {
    /// For an answer that nothing disturbs.
    pub fn none() -> Self {
        Self(mpsc::unbounded_channel().1)
    }

    /// Runs `stream` to its end, obeying the disturbances.
    pub async fn disturb(mut self, terms: Option<&Terms>, writer: &Writer, stream: impl Future<Output = ()>) {
        let mut stream = pin!(stream);
        let mut stalled = false;
        let mut mute: Option<Interval> = None;
        loop {
            tokio::select! {
                biased;
                Some(disturbance) = self.0.recv() => match disturbance {
                    Disturbance::Stall => (stalled, mute) = (true, None),
                    Disturbance::Mute(pause) => {
                        stalled = true;
                        mute = Some(interval_at(Instant::now() + pause, pause));
                    }
                    Disturbance::Malformed => writer.send(sse::MALFORMED_STATE).await,
                    Disturbance::Timeout => {
                        if let Some(terms) = terms {
                            writer.send(terms.timeout_event()).await;
                        }
                        return;
                    }
                },
                () = &mut stream, if !stalled => return,
                () = tick(&mut mute), if mute.is_some() => writer.send(sse::KEEP_ALIVE).await,
                else => std::future::pending().await,
            }
        }
    }
}

async fn tick(interval: &mut Option<Interval>) {
    if let Some(interval) = interval {
        interval.tick().await;
    }
}

impl From<mpsc::UnboundedReceiver<Disturbance>> for Faults {
    fn from(disturbances: mpsc::UnboundedReceiver<Disturbance>) -> Self {
        Self(disturbances)
    }
}

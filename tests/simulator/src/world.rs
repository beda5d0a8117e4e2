//! Everything that the simulated API knows.

use std::sync::Mutex;
use std::time::Duration;

use crate::conditions::AllConditions;
use crate::fleet::Fleet;
use crate::live::LiveStreams;
use crate::lock::Lock;
use crate::log::{Kind, RequestLog};
use crate::options::Options;
use crate::script::Scripts;

/// The simulated CVMs, with the scripts and conditions that tests have set.
pub struct World {
    /// The CVMs.
    pub fleet: Fleet,
    /// What is scripted.
    pub scripts: Scripts,
    /// What lies between the API and its clients.
    pub conditions: AllConditions,
    /// The streams that are being answered.
    pub streams: LiveStreams,
    /// The requests so far.
    pub log: RequestLog,
    /// How long a step of booting or stopping takes unless a CVM is told otherwise.
    pub boot_step: Duration,
    /// How often a comment is sent on a stream.
    pub keep_alive: Duration,
    outages: Mutex<Vec<(String, Kind)>>,
}

impl World {
    /// The world at its start.
    pub fn new(options: &Options) -> Self {
        Self {
            fleet: Fleet::new(options.boot_step, options.fleet),
            scripts: Scripts::default(),
            conditions: AllConditions::default(),
            streams: LiveStreams::new(options.streams_per_user),
            log: RequestLog::new(),
            boot_step: options.boot_step,
            keep_alive: options.keep_alive,
            outages: Mutex::default(),
        }
    }

    /// Refuses the next stream and the next read for this CVM.
    pub fn put_out(&self, id: &str) {
        self.outages.locked().extend([Kind::Stream, Kind::Read].map(|kind| (id.to_owned(), kind)));
    }

    /// Whether this request is one to be refused; the next one is not.
    pub fn is_out(&self, id: &str, kind: Kind) -> bool {
        let mut outages = self.outages.locked();
        let index = outages.iter().position(|(cvm, refused)| *refused == kind && self.fleet.same(cvm, id));
        index.map(|index| outages.swap_remove(index)).is_some()
    }

    /// Whether anything is known by this id: a CVM, a script or a live stream.
    pub fn knows(&self, id: &str) -> bool {
        self.fleet.find(id).is_some()
            || self.scripts.know(id)
            || !self.streams.choose(|stream| stream.cvm == id).is_empty()
    }
}

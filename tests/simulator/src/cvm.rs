//! One simulated CVM: its way from `stopped` to `running`, back, and away.
//!
//! It has no clock and no task: the owner passes the present time and calls [`Cvm::step`].

use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::identity::Identity;

/// What a booting CVM reports, in order.
pub const BOOT_STEPS: [&str; 5] =
    ["booting", "requesting app keys", "mounting data disk", "setting up docker", "starting containers"];

const BOOTED: &str = "done";

const SHUTDOWN_STEPS: [&str; 2] = ["stopping containers", "powering off"];

/// The payload of a `state` event and of the one-shot read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CvmState {
    id: String,
    instance_id: String,
    name: String,
    /// What a watch's target is compared with.
    pub status: String,
    /// Whether the CVM is on its way to another status.
    in_progress: bool,
    uptime: Option<String>,
    exited_at: Option<String>,
    boot_progress: Option<&'static str>,
    /// Why the boot failed, if it did.
    pub boot_error: Option<String>,
    shutdown_progress: Option<&'static str>,
}

/// A simulated CVM.
pub struct Cvm {
    identity: Identity,
    phase: Phase,
    /// What an action has asked for and the status does not show yet.
    asked: Option<Phase>,
    step_time: Duration,
    fails_at: Option<usize>,
    fails_next_boot: bool,
    fail_status: String,
    lags: bool,
    starts_when_watched: bool,
    claims_progress: Option<bool>,
    started_at: Option<SystemTime>,
    exited_at: Option<SystemTime>,
}

#[derive(Clone, PartialEq, Eq)]
enum Phase {
    Stopped,
    Booting {
        step: usize,
    },
    BootFailed {
        step: usize,
        error: String,
    },
    /// Already `running`, and still in progress.
    Settling,
    Running,
    ShuttingDown {
        step: usize,
        then: Next,
    },
    Removed,
    /// A status that the simulator does not know; it stays.
    Other(String),
}

/// What a shutdown is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Stopped,
    Booting,
    Removed,
}

impl Cvm {
    /// A stopped CVM, known by `name`, whose every step takes `step_time`.
    pub fn new(name: &str, step_time: Duration) -> Self {
        Self {
            identity: Identity::new(name),
            phase: Phase::Stopped,
            asked: None,
            step_time,
            fails_at: None,
            fails_next_boot: false,
            fail_status: "starting".to_owned(),
            lags: false,
            starts_when_watched: false,
            claims_progress: None,
            started_at: None,
            exited_at: None,
        }
    }

    /// The same CVM under a further name, which its states show.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.identity.name);
        self
    }

    /// The same CVM, which starts by itself when it is first watched for `running`.
    pub fn starting_when_watched(mut self) -> Self {
        self.starts_when_watched = true;
        self
    }

    /// The same CVM, every boot of which fails in the step with this index of [`BOOT_STEPS`].
    pub fn failing_at(mut self, step: usize) -> Self {
        self.fails_at = Some(step);
        self
    }

    /// The same CVM, which has this status after a failed boot.
    pub fn failing_with(mut self, status: &str) -> Self {
        status.clone_into(&mut self.fail_status);
        self
    }

    /// The same CVM, whose status shows an action one step late, and which is in progress for one step after a boot.
    pub fn lagging(mut self) -> Self {
        self.lags = true;
        self
    }

    /// The same CVM, whose states say this in `in_progress` until its status changes.
    pub fn claiming_progress(mut self, in_progress: bool) -> Self {
        self.claims_progress = Some(in_progress);
        self
    }

    /// The same CVM with this status; one that is on its way is at the first step.
    pub fn with_status(mut self, status: &str, now: SystemTime) -> Self {
        let shutting_down = |then| Phase::ShuttingDown { step: 0, then };
        self.phase = match status {
            "stopped" => Phase::Stopped,
            "starting" => Phase::Booting { step: 0 },
            "running" => Phase::Running,
            "stopping" => shutting_down(Next::Stopped),
            "restarting" => shutting_down(Next::Booting),
            "removing" => shutting_down(Next::Removed),
            other => Phase::Other(other.to_owned()),
        };
        self.started_at = (self.phase != Phase::Stopped).then_some(now);
        self
    }

    /// Takes another CVM's place and keeps the names by which this one is known.
    pub fn replace_by(&mut self, other: Self) {
        let mut identity = std::mem::replace(&mut self.identity, Identity::new(""));
        if other.identity.name != other.identity.key {
            identity.name = other.identity.name;
        }
        *self = Self { identity, ..other };
    }

    /// Whether a path segment means this CVM.
    pub fn answers_to(&self, id: &str) -> bool {
        self.identity.answers_to(id)
    }

    /// The name that states show.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// How long a step takes.
    pub fn step_time(&self) -> Duration {
        self.step_time
    }

    /// Whether [`Cvm::step`] is due after the step time.
    pub fn is_in_transit(&self) -> bool {
        self.asked.is_some()
            || matches!(self.phase, Phase::Booting { .. } | Phase::Settling | Phase::ShuttingDown { .. })
    }

    /// Whether there is no such CVM any more.
    pub fn is_removed(&self) -> bool {
        self.phase == Phase::Removed
    }

    /// Begins to boot, unless that has been done. Says whether anything changed.
    pub fn start(&mut self, now: SystemTime) -> bool {
        match self.destination() {
            Phase::Booting { .. }
            | Phase::Settling
            | Phase::Running
            | Phase::Removed
            | Phase::ShuttingDown { then: Next::Booting | Next::Removed, .. } => false,
            _ => self.ask(Phase::Booting { step: 0 }, now),
        }
    }

    /// Begins to stop, unless that has been done. Says whether anything changed.
    pub fn stop(&mut self, now: SystemTime) -> bool {
        match self.destination() {
            Phase::Stopped | Phase::Removed | Phase::ShuttingDown { then: Next::Stopped | Next::Removed, .. } => false,
            _ => self.ask(Phase::ShuttingDown { step: 0, then: Next::Stopped }, now),
        }
    }

    /// Begins to shut down and to boot again; a stopped CVM boots. Says whether anything changed.
    pub fn restart(&mut self, now: SystemTime) -> bool {
        match self.destination() {
            Phase::Stopped => self.start(now),
            Phase::Removed | Phase::ShuttingDown { then: Next::Booting | Next::Removed, .. } => false,
            _ => self.ask(Phase::ShuttingDown { step: 0, then: Next::Booting }, now),
        }
    }

    /// Begins its removal. Says whether anything changed.
    pub fn remove(&mut self, now: SystemTime) -> bool {
        match self.destination() {
            Phase::Removed | Phase::ShuttingDown { then: Next::Removed, .. } => false,
            _ => self.ask(Phase::ShuttingDown { step: 0, then: Next::Removed }, now),
        }
    }

    /// Is gone from now on. Says whether anything changed.
    pub fn vanish(&mut self) -> bool {
        self.asked = None;
        self.phase = Phase::Removed;
        true
    }

    /// Fails the boot under way, or else the next one. Says whether anything changed.
    pub fn fail(&mut self) -> bool {
        if let Phase::Booting { step } = self.phase {
            self.fail_boot(step);
            return true;
        }
        self.fails_next_boot = true;
        false
    }

    /// Begins to boot if this CVM waits to be watched for `target`. Says whether anything changed.
    pub fn watched_for(&mut self, target: &str, now: SystemTime) -> bool {
        if !self.starts_when_watched || target != "running" {
            return false;
        }
        self.starts_when_watched = false;
        self.phase == Phase::Stopped && self.start(now)
    }

    /// Goes on by one step.
    pub fn step(&mut self, now: SystemTime) {
        if let Some(phase) = self.asked.take() {
            return self.enter(phase, now);
        }
        let next = match self.phase {
            Phase::Booting { step } if self.fails_next_boot || self.fails_at == Some(step) => {
                return self.fail_boot(step);
            }
            Phase::Booting { step } if step + 1 < BOOT_STEPS.len() => Phase::Booting { step: step + 1 },
            Phase::Booting { .. } if self.lags => Phase::Settling,
            Phase::Booting { .. } | Phase::Settling => Phase::Running,
            Phase::ShuttingDown { step, then } if step + 1 < SHUTDOWN_STEPS.len() => {
                Phase::ShuttingDown { step: step + 1, then }
            }
            Phase::ShuttingDown { then: Next::Stopped, .. } => Phase::Stopped,
            Phase::ShuttingDown { then: Next::Booting, .. } => Phase::Booting { step: 0 },
            Phase::ShuttingDown { then: Next::Removed, .. } => Phase::Removed,
            Phase::Stopped | Phase::BootFailed { .. } | Phase::Running | Phase::Removed | Phase::Other(_) => return,
        };
        self.enter(next, now);
    }

    /// Where the last action leads: what was asked for, though the status may not show it yet.
    fn destination(&self) -> &Phase {
        self.asked.as_ref().unwrap_or(&self.phase)
    }

    fn ask(&mut self, phase: Phase, now: SystemTime) -> bool {
        self.claims_progress = None;
        if self.lags {
            self.asked = Some(phase);
        } else {
            self.enter(phase, now);
        }
        true
    }

    fn enter(&mut self, phase: Phase, now: SystemTime) {
        self.claims_progress = None;
        match phase {
            Phase::Booting { step: 0 } => (self.started_at, self.exited_at) = (Some(now), None),
            Phase::Stopped => (self.started_at, self.exited_at) = (None, Some(now)),
            _ => {}
        }
        self.phase = phase;
    }

    fn fail_boot(&mut self, step: usize) {
        self.fails_next_boot = false;
        self.asked = None;
        self.phase = Phase::BootFailed { step, error: format!("the boot failed while {}", BOOT_STEPS[step]) };
    }

    /// The state as the API tells it.
    pub fn state(&self, now: SystemTime) -> CvmState {
        CvmState {
            id: self.identity.uuid.clone(),
            instance_id: self.identity.instance_id.clone(),
            name: self.identity.name.clone(),
            status: self.status().to_owned(),
            in_progress: self.claims_progress.unwrap_or_else(|| self.is_in_transit()),
            uptime: self.started_at.map(|start| uptime(start, now)),
            exited_at: self.exited_at.map(|exit| humantime::format_rfc3339_seconds(exit).to_string()),
            boot_progress: self.boot_progress(),
            boot_error: match &self.phase {
                Phase::BootFailed { error, .. } => Some(error.clone()),
                _ => None,
            },
            shutdown_progress: match self.phase {
                Phase::ShuttingDown { step, .. } => Some(SHUTDOWN_STEPS[step]),
                _ => None,
            },
        }
    }

    fn status(&self) -> &str {
        match &self.phase {
            Phase::Stopped => "stopped",
            Phase::Booting { .. } => "starting",
            Phase::BootFailed { .. } => &self.fail_status,
            Phase::Settling | Phase::Running => "running",
            Phase::ShuttingDown { then: Next::Stopped, .. } => "stopping",
            Phase::ShuttingDown { then: Next::Booting, .. } => "restarting",
            Phase::ShuttingDown { then: Next::Removed, .. } => "removing",
            Phase::Removed => "removed",
            Phase::Other(status) => status,
        }
    }

    fn boot_progress(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Booting { step } | Phase::BootFailed { step, .. } => Some(BOOT_STEPS[step]),
            Phase::Settling | Phase::Running => Some(BOOTED),
            Phase::Stopped | Phase::ShuttingDown { .. } | Phase::Removed | Phase::Other(_) => None,
        }
    }
}

fn uptime(start: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(start).unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

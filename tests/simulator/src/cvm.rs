//! One simulated CVM: its names, and its way from `stopped` to `running` and back.
//!
//! It has no clock and no task: the present time is handed in, and whoever owns it calls [`Cvm::step`].

use std::time::{Duration, SystemTime};

use serde::Serialize;

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
    step_time: Duration,
    fails_at: Option<usize>,
    fails_next_boot: bool,
    starts_when_watched: bool,
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
    Running,
    ShuttingDown {
        step: usize,
    },
    /// A status that the simulator does not know; it stays.
    Other(String),
}

impl Cvm {
    /// A stopped CVM, known by `name`, whose every step takes `step_time`.
    pub fn new(name: &str, step_time: Duration) -> Self {
        Self {
            identity: Identity::new(name),
            phase: Phase::Stopped,
            step_time,
            fails_at: None,
            fails_next_boot: false,
            starts_when_watched: false,
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

    /// The same CVM with this status; `starting` and `stopping` are on their way from the first step.
    pub fn with_status(mut self, status: &str, now: SystemTime) -> Self {
        self.phase = match status {
            "stopped" => Phase::Stopped,
            "starting" => Phase::Booting { step: 0 },
            "running" => Phase::Running,
            "stopping" => Phase::ShuttingDown { step: 0 },
            other => Phase::Other(other.to_owned()),
        };
        self.started_at = (self.phase != Phase::Stopped).then_some(now);
        self
    }

    /// Takes another CVM's place and keeps the names by which this one is known.
    pub fn replace_by(&mut self, other: Self) {
        let identity = std::mem::replace(&mut self.identity, Identity::new(""));
        let name = if other.identity.name == other.identity.key { identity.name } else { other.identity.name };
        *self = Self { identity: Identity { name, ..identity }, ..other };
    }

    /// Whether a path segment means this CVM.
    pub fn answers_to(&self, id: &str) -> bool {
        self.identity.answers_to(id)
    }

    /// The name that states show.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// How long a step of booting or stopping takes.
    pub fn step_time(&self) -> Duration {
        self.step_time
    }

    /// Whether [`Cvm::step`] is due after the step time.
    pub fn is_in_transit(&self) -> bool {
        matches!(self.phase, Phase::Booting { .. } | Phase::ShuttingDown { .. })
    }

    /// Begins to boot, unless that has been done. Says whether anything changed.
    pub fn start(&mut self, now: SystemTime) -> bool {
        if matches!(self.phase, Phase::Booting { .. } | Phase::Running) {
            return false;
        }
        self.phase = Phase::Booting { step: 0 };
        self.started_at = Some(now);
        self.exited_at = None;
        true
    }

    /// Begins to stop, unless that has been done. Says whether anything changed.
    pub fn stop(&mut self) -> bool {
        if matches!(self.phase, Phase::ShuttingDown { .. } | Phase::Stopped) {
            return false;
        }
        self.phase = Phase::ShuttingDown { step: 0 };
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

    /// Goes on by one step of booting or stopping.
    pub fn step(&mut self, now: SystemTime) {
        match self.phase {
            Phase::Booting { step } if self.fails_next_boot || self.fails_at == Some(step) => self.fail_boot(step),
            Phase::Booting { step } if step + 1 < BOOT_STEPS.len() => self.phase = Phase::Booting { step: step + 1 },
            Phase::Booting { .. } => self.phase = Phase::Running,
            Phase::ShuttingDown { step } if step + 1 < SHUTDOWN_STEPS.len() => {
                self.phase = Phase::ShuttingDown { step: step + 1 };
            }
            Phase::ShuttingDown { .. } => {
                self.phase = Phase::Stopped;
                self.started_at = None;
                self.exited_at = Some(now);
            }
            Phase::Stopped | Phase::BootFailed { .. } | Phase::Running | Phase::Other(_) => {}
        }
    }

    fn fail_boot(&mut self, step: usize) {
        self.fails_next_boot = false;
        self.phase = Phase::BootFailed { step, error: format!("the boot failed while {}", BOOT_STEPS[step]) };
    }

    /// The state as the API tells it.
    pub fn state(&self, now: SystemTime) -> CvmState {
        CvmState {
            id: self.identity.uuid.clone(),
            instance_id: self.identity.instance_id.clone(),
            name: self.identity.name.clone(),
            status: self.status().to_owned(),
            uptime: self.started_at.map(|start| uptime(start, now)),
            exited_at: self.exited_at.map(|exit| humantime::format_rfc3339_seconds(exit).to_string()),
            boot_progress: self.boot_progress(),
            boot_error: match &self.phase {
                Phase::BootFailed { error, .. } => Some(error.clone()),
                _ => None,
            },
            shutdown_progress: match self.phase {
                Phase::ShuttingDown { step } => Some(SHUTDOWN_STEPS[step]),
                _ => None,
            },
        }
    }

    fn status(&self) -> &str {
        match &self.phase {
            Phase::Stopped => "stopped",
            // A failed boot shows in boot_error alone.
            Phase::Booting { .. } | Phase::BootFailed { .. } => "starting",
            Phase::Running => "running",
            Phase::ShuttingDown { .. } => "stopping",
            Phase::Other(status) => status,
        }
    }

    fn boot_progress(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Booting { step } | Phase::BootFailed { step, .. } => Some(BOOT_STEPS[step]),
            Phase::Running => Some(BOOTED),
            Phase::Stopped | Phase::ShuttingDown { .. } | Phase::Other(_) => None,
        }
    }
}

fn uptime(start: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(start).unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

/// Everything a CVM is called. The ids are made from the key, so that they are the same in every run.
struct Identity {
    key: String,
    name: String,
    uuid: String,
    app_id: String,
    instance_id: String,
}

impl Identity {
    fn new(key: &str) -> Self {
        let mut digits = hex_digits(key, "uuid", 32);
        // The two digits that mark a random UUID.
        digits.replace_range(12..13, "4");
        digits.replace_range(16..17, "a");
        Self {
            key: key.to_owned(),
            name: key.to_owned(),
            uuid: [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"),
            app_id: hex_digits(key, "app", 40),
            instance_id: hex_digits(key, "instance", 40),
        }
    }

    fn answers_to(&self, id: &str) -> bool {
        // Clients put `app_` before any 40 hex digits, so an instance id may arrive with it, too.
        let hex = id.strip_prefix("app_").unwrap_or(id);
        [&self.key, &self.name, &self.uuid].iter().any(|name| *name == id)
            || self.uuid.replace('-', "") == id
            || [&self.app_id, &self.instance_id].iter().any(|name| *name == hex)
    }
}

/// Hex digits that look random and are not: FNV-1a over the key, what the digits are for, and their place.
fn hex_digits(key: &str, purpose: &str, count: usize) -> String {
    let word = |place: u8| {
        let bytes = purpose.bytes().chain([place]).chain(key.bytes());
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    };
    let mut digits: String = (0..count.div_ceil(16)).map(|place| word(u8::try_from(place).unwrap_or(0))).collect();
    digits.truncate(count);
    digits
}

//! What a CVM is doing.

use crate::json::Json;

/// The fields whose change makes a new state, besides `status`.
const TELLING: [&str; 4] = ["boot_progress", "boot_error", "shutdown_progress", "in_progress"];

/// A CVM's state as the server told it: a JSON object whose `status` is a string.
#[derive(Clone, Debug, PartialEq)]
pub struct CvmState<J> {
    status: String,
    json: J,
}

impl<J: Json> CvmState<J> {
    /// Makes a state of a payload, if it is one.
    pub fn from_json(json: J) -> Option<Self> {
        let status = json.get("status")?.text()?;
        Some(Self { status, json })
    }

    /// The CVM's status, such as `running`.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The whole state, unknown fields included.
    pub fn json(&self) -> &J {
        &self.json
    }

    /// A field that is there, and neither null nor empty.
    pub fn field(&self, name: &str) -> Option<J> {
        self.json.get(name).filter(|value| !value.says_nothing())
    }

    /// Whether this state differs. `uptime` changes all the time, and a stream and a read may send different fields: so only
    /// some fields are compared, and only if both states have them.
    pub fn differs_from(&self, other: &Self) -> bool {
        let differs = |name: &&str| match (self.json.get(name), other.json.get(name)) {
            (Some(one), Some(two)) => one != two && !(one.says_nothing() && two.says_nothing()),
            _ => false,
        };
        self.status != other.status || TELLING.iter().any(differs)
    }
}

//! What a CVM is doing.

use crate::json::Json;

/// A CVM's state as the server told it: a JSON object whose `status` is a string.
#[derive(Clone, Debug, PartialEq)]
pub struct CvmState<J> {
    status: String,
    json: J,
}

impl<J: Json> CvmState<J> {
    /// Takes a payload for a state, if it is one.
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
}

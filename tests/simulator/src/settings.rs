//! What a CVM is made with.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::cvm::{BOOT_STEPS, Cvm};

/// The settings of a CVM. Without any it is stopped, and its boots succeed.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    name: Option<String>,
    status: Option<String>,
    in_progress: Option<bool>,
    boot_step_ms: Option<u64>,
    fail_at: Option<String>,
    fail_status: Option<String>,
    lags: bool,
    starts_when_watched: bool,
}

impl Settings {
    /// The CVM that is asked for, or what is wrong with it.
    ///
    /// # Errors
    /// A message that names the setting.
    pub fn cvm(&self, id: &str, boot_step: Duration) -> Result<Cvm, String> {
        let mut cvm = Cvm::new(id, self.boot_step_ms.map_or(boot_step, Duration::from_millis));
        if let Some(name) = &self.name {
            cvm = cvm.named(name);
        }
        if let Some(status) = &self.status {
            cvm = cvm.with_status(status, SystemTime::now());
        }
        if let Some(in_progress) = self.in_progress {
            cvm = cvm.claiming_progress(in_progress);
        }
        if let Some(step) = &self.fail_at {
            cvm = cvm.failing_at(step_index(step)?);
        }
        if let Some(status) = &self.fail_status {
            cvm = cvm.failing_with(status);
        }
        if self.lags {
            cvm = cvm.lagging();
        }
        if self.starts_when_watched {
            cvm = cvm.starting_when_watched();
        }
        Ok(cvm)
    }
}

fn step_index(step: &str) -> Result<usize, String> {
    let index = BOOT_STEPS.iter().position(|known| *known == step);
    index.ok_or_else(|| format!("failAt: {step:?} is no boot step; these are: {}", BOOT_STEPS.join(", ")))
}

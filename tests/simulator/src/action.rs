//! What a CVM can be told to do.

use std::time::SystemTime;

use crate::cvm::Cvm;

/// Does something to a CVM at the present time, and says whether anything changed.
pub type Action = fn(&mut Cvm, SystemTime) -> bool;

/// Every action with its name.
pub const ACTIONS: [(&str, Action); 5] = [
    ("start", Cvm::start),
    ("stop", Cvm::stop),
    ("restart", Cvm::restart),
    ("remove", Cvm::remove),
    ("fail", |cvm, _| cvm.fail()),
];

/// The action of that name, or a message that names all.
///
/// # Errors
/// When there is no such action.
pub fn named(name: &str) -> Result<Action, String> {
    let action = ACTIONS.into_iter().find_map(|(known, action)| (known == name).then_some(action));
    action.ok_or_else(|| format!("no action {name:?}; these are: {}", ACTIONS.map(|(name, _)| name).join(", ")))
}

//! Whether a daemon can be relied on right now, as the engine last saw it.

use serde::{Deserialize, Serialize};

/// A daemon's readiness. A later one replaces an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// The state database answers.
    pub state_up: bool,
    /// The daemon holds its lease, so it may claim runs and write about them.
    pub lease: bool,
    /// What is in the way, in words; empty when nothing is.
    pub detail: String,
}

impl Readiness {
    /// Whether the daemon does its work.
    pub const fn is_ready(&self) -> bool {
        self.state_up && self.lease
    }
}

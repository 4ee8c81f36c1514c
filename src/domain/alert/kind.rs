//! What alerts there are, and what becomes of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A run failed: once for each run, and again if it is retried and fails again.
    Failed,
    /// The first run that succeeded after one whose failure was told.
    Recovered,
    /// What was due had not succeeded by the job's `deadline`.
    Deadline,
    /// A replica is older than its `max_age`.
    ReplicaOld,
    /// A run has waited for a lock for longer than `lock_wait`.
    LockWaited,
    /// The daemon that ran an attempt died.
    AttemptLost,
}

impl AlertKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Failed, Self::Recovered, Self::Deadline, Self::ReplicaOld, Self::LockWaited, Self::AttemptLost];

    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Deadline => "deadline",
            Self::ReplicaOld => "replica_old",
            Self::LockWaited => "lock_waited",
            Self::AttemptLost => "attempt_lost",
        }
    }

    /// The kind of that word.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It is still to be told.
    Pending,
    /// All receivers have it.
    Delivered,
    /// It was told as one with a newer one.
    Folded,
    /// It was tried for days, and its receiver never took it.
    GivenUp,
    /// Nobody is to be told.
    Unheard,
}

impl AlertState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Delivered, Self::Folded, Self::GivenUp, Self::Unheard];

    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Folded => "folded",
            Self::GivenUp => "given_up",
            Self::Unheard => "unheard",
        }
    }

    /// The state of that word.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.label() == label)
    }
}

//! The states of runs, steps, attempts and firings, and which may follow which.
//!
//! What is recorded is the truth; a step's state is derived from its run and attempts, so it has no row of its own.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! labelled {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $label:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $label)] $variant),+ }

        impl $name {
            /// Every state, in the order of a normal life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable lowercase word: in SQL, metrics, API and UI.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let labels = Self::ALL.iter().map(|state| state.label());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(labels)).build().into()
            }
        }

        impl ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.label())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownState;

            fn from_str(text: &str) -> Result<Self, UnknownState> {
                Self::ALL.iter().copied().find(|state| state.label() == text)
                    .ok_or_else(|| UnknownState(text.to_owned()))
            }
        }
    };
}

/// A word that names no state; a newer Windlass may have written it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state this version knows")]
pub struct UnknownState(String);

labelled! {
    /// A run's state. Persisted.
    RunState {
        /// Set when the run is made, and when its daemon gives it back or is lost. Any daemon may claim it.
        Queued = "queued",
        /// Set by the claimer when a lock or the job's previous run is in the way. Looked at again when that ends.
        Waiting = "waiting",
        /// Set by the claimer, together with the owner. If the owner's lease lapses the run is queued again.
        Running = "running",
        /// Every step succeeded. Final.
        Succeeded = "succeeded",
        /// A step failed for good, or the run's time was up. Final.
        Failed = "failed",
        /// Somebody cancelled it. Final.
        Cancelled = "cancelled",
    }
}

labelled! {
    /// A step's state, derived from its run and attempts. Not persisted.
    StepState {
        /// Its turn has not come.
        Pending = "pending",
        /// An attempt is running.
        Running = "running",
        /// The last attempt failed and another one will follow.
        Retrying = "retrying",
        /// An attempt succeeded. Final.
        Succeeded = "succeeded",
        /// The last attempt failed and none will follow. Final.
        Failed = "failed",
        /// Its attempt was cancelled with the run. Final.
        Cancelled = "cancelled",
        /// The run ended, or started later, so that it never ran. Final.
        Skipped = "skipped",
    }
}

labelled! {
    /// An attempt's state. Persisted.
    AttemptState {
        /// Set when it starts, in the same transaction as the end of the step before.
        Running = "running",
        /// Its effect is visible. Final.
        Succeeded = "succeeded",
        /// It failed by itself. Final.
        Failed = "failed",
        /// Its timeout, or the run's, ended it. Final.
        TimedOut = "timed_out",
        /// A person or a drain ended it. Final.
        Cancelled = "cancelled",
        /// Its daemon died; set by whoever took the run over. Final.
        Lost = "lost",
    }
}

labelled! {
    /// A firing's state. Persisted.
    FiringState {
        /// Noticed, and no run exists yet.
        Due = "due",
        /// A run was made for it. Final.
        Ran = "ran",
        /// Deliberately not run; the reason stands beside it. Final.
        Skipped = "skipped",
        /// No daemon was up when it was due and its policy gave it up. Final.
        Missed = "missed",
        /// A later firing took its place. Final.
        Superseded = "superseded",
    }
}

impl RunState {
    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// Whether `next` may follow this state. Staying in a state is not a change and not allowed here.
    pub const fn may_become(self, next: Self) -> bool {
        use RunState::{Cancelled, Failed, Queued, Running, Succeeded, Waiting};
        match self {
            Queued => matches!(next, Waiting | Running | Cancelled | Failed),
            Waiting => matches!(next, Queued | Running | Cancelled | Failed),
            Running => matches!(next, Queued | Succeeded | Failed | Cancelled),
            // A retry of a finished run queues it again; success is the end.
            Failed | Cancelled => matches!(next, Queued),
            Succeeded => false,
        }
    }
}

impl AttemptState {
    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running)
    }

    /// Whether `next` may follow this state.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(self, Self::Running) && next.is_final()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_reads_back() {
        for state in RunState::ALL {
            assert_eq!(state.label().parse::<RunState>().unwrap(), *state);
        }
        for state in AttemptState::ALL {
            assert_eq!(state.label().parse::<AttemptState>().unwrap(), *state);
        }
        assert!("paused".parse::<RunState>().is_err());
    }

    #[test]
    fn a_run_that_succeeded_stays_so_and_no_state_follows_itself() {
        for state in RunState::ALL {
            assert!(!RunState::Succeeded.may_become(*state));
            assert!(!state.may_become(*state));
        }
    }
}

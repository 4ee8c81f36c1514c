//! What happens in the engine, for whoever watches: the terminal of `run`, later the live pages.
//!
//! Events are for looking at. They may be missed; the state database has the facts.

use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::state::{AttemptState, RunState};
use crate::steps::Level;

/// Something that happened. Texts are masked.
#[derive(Clone, Debug)]
pub enum Event {
    /// A run was claimed.
    RunStarted {
        /// The run.
        run: RunId,
        /// Its job.
        job: String,
    },
    /// A step of a run waits for its locks.
    StepWaiting {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// For what, behind whom.
        reason: String,
    },
    /// An attempt started.
    AttemptStarted {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// The step's kind.
        kind: &'static str,
        /// The attempt's number.
        number: u32,
    },
    /// A running attempt got further.
    Progress {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// How far it is.
        progress: Progress,
    },
    /// A line of an attempt's log.
    Log {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// How much it matters.
        level: Level,
        /// The line.
        message: String,
    },
    /// An attempt ended.
    AttemptEnded {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// The attempt's number.
        number: u32,
        /// How.
        state: AttemptState,
        /// What it has to say.
        outcome: Option<Box<Outcome>>,
        /// What went wrong.
        failure: Option<Box<Failure>>,
        /// How long it took.
        took: Duration,
    },
    /// The step will be tried again.
    Retrying {
        /// The run.
        run: RunId,
        /// The step's id.
        step: String,
        /// After this pause.
        pause: Duration,
    },
    /// A run ended.
    RunEnded {
        /// The run.
        run: RunId,
        /// How.
        state: RunState,
    },
}

impl Event {
    /// The run that it is about.
    pub const fn run(&self) -> RunId {
        match self {
            Self::RunStarted { run, .. }
            | Self::StepWaiting { run, .. }
            | Self::AttemptStarted { run, .. }
            | Self::Progress { run, .. }
            | Self::Log { run, .. }
            | Self::AttemptEnded { run, .. }
            | Self::Retrying { run, .. }
            | Self::RunEnded { run, .. } => *run,
        }
    }
}

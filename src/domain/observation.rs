//! Things a step sees while it works and that are counted at once, not only when it ends.

use std::time::Duration;

/// One thing worth a metric. The engine turns it into the metrics of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// One attempt of a parallel CTAS to get its workers ended.
    CtasAttempt {
        /// Workers in PostgreSQL's plan.
        planned: u32,
        /// Workers that PostgreSQL launched.
        achieved: u32,
        /// The number wanted.
        target: u32,
        /// The number that is enough on the last attempt.
        minimum: u32,
        /// What came of it.
        outcome: CtasAttemptOutcome,
    },
    /// A parallel CTAS waited for free worker slots.
    CtasSlotWait(Duration),
    /// Rows and bytes were copied since the last observation.
    Copied {
        /// Rows since the last observation.
        rows: u64,
        /// Bytes since the last observation.
        bytes: u64,
    },
    /// A replica became visible.
    ReplicaPublished {
        /// The replica's path.
        path: String,
        /// Size of the file.
        bytes: u64,
        /// Its generation, counted from one, where the publisher keeps count.
        generation: Option<u64>,
        /// Rows of its tables.
        rows: u64,
        /// Its size as a share of its master's, where it has one.
        compaction: Option<f64>,
    },
    /// A phase of publishing a replica ended well.
    ReplicaPhase {
        /// Which: `copy`, `compact` or `read`, then `verify`, `sync`, `digest`, with several
        /// places `distribute`, last `rename`.
        phase: &'static str,
        /// How long it took.
        took: Duration,
    },
}

/// What came of one attempt of a parallel CTAS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtasAttemptOutcome {
    /// The target was met.
    TargetMet,
    /// Fewer than the target but at least the minimum, on the last attempt.
    MinimumMet,
    /// Too few; the query was cancelled and its table dropped, or it was not run for want of free slots.
    Short,
    /// It failed for another reason.
    Failed,
}

impl CtasAttemptOutcome {
    /// The metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TargetMet => "target_met",
            Self::MinimumMet => "minimum_met",
            Self::Short => "short",
            Self::Failed => "failed",
        }
    }
}

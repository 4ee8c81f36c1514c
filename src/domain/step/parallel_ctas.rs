use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::template::{SqlText, Text};

/// `CREATE TABLE … AS` with a guaranteed number of parallel workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CtasStep {
    /// The connection's name.
    pub connection: String,
    /// The table that is made: `name` or `schema.name`.
    pub table: Text,
    /// The query. A `file` has been read into this.
    pub query: SqlText,
    /// How many workers, and how hard to try.
    pub workers: WorkerGuarantee,
    /// What happens to a table of that name.
    pub mode: CtasMode,
    /// Whether the table is made UNLOGGED.
    pub unlogged: bool,
}

/// The worker guarantee. Defaults are the field's numbers (design, section 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerGuarantee {
    /// Workers wanted.
    pub target: u32,
    /// Workers that are enough on the last attempt; below that the step fails.
    pub minimum: u32,
    /// Attempts to get them, at least one. Not the step's retries: those are for errors.
    pub attempts: u32,
    /// Pause between two attempts.
    pub retry_delay: Duration,
    /// Pause between the start of the query and the first look at its workers.
    pub first_look: Duration,
    /// Pause between two looks.
    pub look_every: Duration,
}

impl Default for WorkerGuarantee {
    fn default() -> Self {
        Self {
            target: 4,
            minimum: 2,
            attempts: 5,
            retry_delay: Duration::from_secs(2),
            first_look: Duration::from_secs(1),
            look_every: Duration::from_millis(500),
        }
    }
}

/// What happens to a table of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CtasMode {
    /// It is replaced, in the transaction that makes the new one visible.
    #[default]
    Replace,
    /// The step fails before anything runs.
    FailIfExists,
}

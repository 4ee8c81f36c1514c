use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, RawCollect, RawCommand, RawCopy, RawCtas, RawPublish, RawRetry, RawSql, RawTrigger};

/// A step: an id and exactly one kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(crate) struct RawStep {
    /// The step's id: letters, digits, `-`, `_`; at most 63 bytes. Unique in the job.
    #[schemars(required)]
    pub(crate) id: Option<String>,
    /// Longest time for one attempt.
    pub(crate) timeout: Option<Length>,
    /// When a failed attempt is tried again; what is not given here is the job's.
    pub(crate) retry: Option<RawRetry>,
    /// Locks held while this step runs, its retries included. Templates may use `params` and `run`.
    pub(crate) locks: Option<Vec<String>>,
    /// Brings outside data into a table.
    pub(crate) collect: Option<RawCollect>,
    /// Streams a PostgreSQL table or query into a PostgreSQL staging table.
    pub(crate) copy_to_staging: Option<RawCopy>,
    /// `CREATE TABLE … AS` with a guaranteed number of parallel workers.
    pub(crate) parallel_ctas: Option<RawCtas>,
    /// Publishes a read-only DuckDB file that readers can open at any instant.
    pub(crate) publish_replica: Option<RawPublish>,
    /// Runs statements in one transaction.
    pub(crate) sql: Option<RawSql>,
    /// Runs a program.
    pub(crate) command: Option<RawCommand>,
    /// Starts another job.
    pub(crate) trigger: Option<RawTrigger>,
}

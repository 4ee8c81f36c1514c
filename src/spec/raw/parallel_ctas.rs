use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Unused};
use crate::domain::step::CtasMode;

/// `CREATE TABLE … AS` with a guaranteed number of parallel workers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ParallelCtas")]
pub(crate) struct RawCtas {
    /// The connection, PostgreSQL.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The table that is made: `name` or `schema.name`.
    #[schemars(required)]
    pub(crate) table: Option<String>,
    /// The query.
    pub(crate) query: Option<String>,
    /// A file that holds the query, relative to the job file.
    pub(crate) file: Option<String>,
    /// How many workers, and how hard to try.
    pub(crate) workers: Option<RawWorkers>,
    /// No effect yet.
    pub(crate) tune: Option<Unused>,
    /// No effect yet.
    pub(crate) allow_table_setting: Option<Unused>,
    /// No effect yet.
    pub(crate) measure: Option<Unused>,
    /// What happens to a table of that name. Default: replace.
    pub(crate) mode: Option<CtasMode>,
    /// No effect yet.
    pub(crate) indexes: Option<Unused>,
    /// Whether the table is made UNLOGGED. Default: false.
    pub(crate) unlogged: Option<bool>,
    /// No effect yet.
    pub(crate) tablespace: Option<Unused>,
    /// No effect yet.
    pub(crate) with: Option<Unused>,
}

/// How many workers, and how hard to try to get them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Workers")]
pub(crate) struct RawWorkers {
    /// Workers wanted, 1 to 1024. Default: 4.
    pub(crate) target: Option<u32>,
    /// Workers that are enough on the last attempt. Default: 2, or `target` if that is less.
    pub(crate) minimum: Option<u32>,
    /// Attempts to get them; not the step's retries, which are for errors. Default: 5.
    pub(crate) attempts: Option<u32>,
    /// Pause between two attempts. Default: 2s.
    pub(crate) retry_delay: Option<Length>,
    /// Pause between the start of the query and the first look at its workers. Default: 1s.
    pub(crate) first_look: Option<Length>,
    /// Pause between two looks. Default: 500ms.
    pub(crate) look_every: Option<Length>,
    /// No effect yet.
    pub(crate) slot_wait: Option<Unused>,
}

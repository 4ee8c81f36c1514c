use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Pairs, Scalar};
use crate::domain::step::{CtasMode, Measure};

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
    /// Whether the session's settings may be raised until the plan has the target. Default: true.
    pub(crate) tune: Option<bool>,
    /// Whether the storage parameter `parallel_workers` of the largest table that is read may be set while the query
    /// runs, if nothing else helps. Nobody else sees it. Default: false.
    pub(crate) allow_table_setting: Option<bool>,
    /// How the workers are counted: `exact` by PostgreSQL, or `sampled` by looking. Default: exact.
    pub(crate) measure: Option<Measure>,
    /// What happens to a table of that name. Default: replace.
    pub(crate) mode: Option<CtasMode>,
    /// Indexes of the new table, built before it becomes visible.
    pub(crate) indexes: Option<Vec<RawIndex>>,
    /// Whether the table is made UNLOGGED. Default: false.
    pub(crate) unlogged: Option<bool>,
    /// The table's tablespace. Default: the database's.
    pub(crate) tablespace: Option<String>,
    /// Storage parameters of the table: `{fillfactor: 90}`.
    pub(crate) with: Option<Pairs<Scalar>>,
}

/// An index: `columns` or `on`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CtasIndex")]
pub(crate) struct RawIndex {
    /// Its name. Default: made from table and columns.
    pub(crate) name: Option<String>,
    /// Columns, in this order.
    pub(crate) columns: Option<Vec<String>>,
    /// What stands between the parentheses, as SQL: `lower(customer), ordered_at desc`.
    pub(crate) on: Option<String>,
    /// Whether no two rows may be the same in it. Default: false.
    pub(crate) unique: Option<bool>,
    /// Whether it is the primary key. Default: false.
    pub(crate) primary_key: Option<bool>,
    /// The access method. Default: btree.
    pub(crate) method: Option<String>,
    /// Columns that are stored in it besides.
    pub(crate) include: Option<Vec<String>>,
    /// Condition on the rows that are in it, an SQL expression.
    pub(crate) r#where: Option<String>,
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
    /// Pause between the start of the query and the first look at its workers; each later pause is twice as long, up to
    /// `look_every`. Default: 20ms.
    pub(crate) first_look: Option<Length>,
    /// Longest pause between two looks. Default: 200ms.
    pub(crate) look_every: Option<Length>,
    /// Longest wait for free worker slots, all attempts together. Default: 1m.
    pub(crate) slot_wait: Option<Length>,
}

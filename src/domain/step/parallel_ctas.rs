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
    /// Whether the session's own settings may be raised until the plan has enough workers.
    #[serde(default = "yes")]
    pub tune: bool,
    /// Whether the storage parameter `parallel_workers` of the table that is read may be set for the query.
    #[serde(default)]
    pub allow_table_setting: bool,
    /// How the workers are counted.
    #[serde(default)]
    pub measure: Measure,
    /// What happens to a table of that name.
    pub mode: CtasMode,
    /// Indexes of the new table, built before it becomes visible.
    #[serde(default)]
    pub indexes: Vec<CtasIndex>,
    /// Whether the table is made UNLOGGED.
    pub unlogged: bool,
    /// The tablespace; the database's default if `None`.
    #[serde(default)]
    pub tablespace: Option<Text>,
    /// Storage parameters: `fillfactor`, `toast.autovacuum_enabled`.
    #[serde(default)]
    pub with: Vec<(String, Text)>,
}

const fn yes() -> bool {
    true
}

/// The worker guarantee. Defaults are the field's numbers (design, section 1), but for the looks: those are early enough
/// that a shortfall costs a third of a second, and rare enough that nobody feels them.
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
    /// Pause between the start of the query and the first look at its workers. Each pause after it is twice as long as
    /// the one before.
    pub first_look: Duration,
    /// Longest pause between two looks.
    pub look_every: Duration,
    /// Longest wait for free worker slots, all attempts together.
    #[serde(default = "slot_wait")]
    pub slot_wait: Duration,
}

const fn slot_wait() -> Duration {
    Duration::from_mins(1)
}

impl Default for WorkerGuarantee {
    fn default() -> Self {
        Self {
            target: 4,
            minimum: 2,
            attempts: 5,
            retry_delay: Duration::from_secs(2),
            first_look: Duration::from_millis(20),
            look_every: Duration::from_millis(200),
            slot_wait: slot_wait(),
        }
    }
}

/// How the workers are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// PostgreSQL counts what each Gather launched (`explain (analyze)` of the very statement).
    #[default]
    Exact,
    /// What was seen while the query ran.
    Sampled,
}

impl Measure {
    /// The word of the job file.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Sampled => "sampled",
        }
    }
}

/// An index of the new table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CtasIndex {
    /// Its name; made from table and columns if `None`.
    pub name: Option<String>,
    /// What is indexed.
    pub on: IndexKey,
    /// Whether no two rows may be the same in it.
    pub unique: bool,
    /// Whether it is the table's primary key.
    pub primary_key: bool,
    /// The access method; `btree` if `None`.
    pub method: Option<String>,
    /// Columns that are stored in it besides.
    pub include: Vec<String>,
    /// Condition on the rows that are in it.
    pub condition: Option<SqlText>,
}

/// What is indexed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKey {
    /// These columns, names taken literally.
    Columns(Vec<String>),
    /// What stands between the parentheses, as SQL.
    Sql(SqlText),
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

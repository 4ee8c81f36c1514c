use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::template::{SqlText, Text};

/// Publishes a read-only DuckDB file that readers can open at any instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishStep {
    /// What is published.
    pub source: PublishSource,
    /// Where the replica stands: paths and addresses of object stores. All of them get the same file.
    pub to: Vec<Text>,
    /// How the file is made.
    pub method: PublishMethod,
    /// DuckDB's storage version of the replica, for example `v1.4.0`.
    pub storage_version: String,
    /// Statements that must return a single true, asked of the new file before it becomes visible.
    #[serde(default)]
    pub checks: Vec<SqlText>,
    /// How many generations stay, the published one included; at least one.
    #[serde(default = "default_keep")]
    pub keep: u32,
    /// The largest share of its rows, 0 to 1, that a table may have lost since the generation before.
    #[serde(default)]
    pub max_shrink: Option<f64>,
    /// The age at which the replica counts as stale.
    #[serde(default)]
    pub max_age: Option<Duration>,
    /// How many tables or parts of them are read side by side from PostgreSQL; at least one.
    #[serde(default = "default_streams")]
    pub streams: u32,
    /// Whether primary keys and unique constraints of PostgreSQL's tables come along.
    #[serde(default)]
    pub keys: bool,
}

/// Generations that stay if the job says nothing else: the published one and two to go back to.
pub const fn default_keep() -> u32 {
    3
}

const fn default_streams() -> u32 {
    1
}

/// What a replica is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishSource {
    /// All of a DuckDB connection's file.
    DuckDb {
        /// The connection's name.
        connection: String,
    },
    /// Tables and queries of a PostgreSQL connection, read under one snapshot.
    Postgres {
        /// The connection's name.
        connection: String,
        /// What becomes which table.
        tables: Vec<PublishTable>,
    },
}

/// One table of a replica made from PostgreSQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishTable {
    /// Its name in the replica.
    pub name: String,
    /// The table or query that is read.
    pub source: super::CopySource,
}

/// How a replica of a DuckDB master is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishMethod {
    /// `Copy` where the master is compact and its storage version will do, else `Compact`.
    #[default]
    Auto,
    /// A child process copies the file while the master is held, checkpointed.
    Copy,
    /// `COPY FROM DATABASE` into a fresh file: smaller, slower, and with the storage version that was asked for.
    Compact,
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::template::{SqlText, Text};

/// Publishes a read-only DuckDB file that readers can open at any instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishStep {
    /// What is published.
    pub source: PublishSource,
    /// The replica's path.
    pub to: Text,
    /// How the file is made.
    pub method: PublishMethod,
    /// DuckDB's storage version of the replica, for example `v1.4.0`.
    pub storage_version: String,
    /// Statements that must return a single true, asked of the new file before it becomes visible.
    #[serde(default)]
    pub checks: Vec<SqlText>,
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

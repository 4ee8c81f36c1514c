use serde::{Deserialize, Serialize};

use crate::domain::template::{SqlText, Text};

/// Streams a PostgreSQL table or query into a PostgreSQL staging table, replaced in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CopyStep {
    /// Connection that is read.
    pub from: String,
    /// What is read.
    pub source: CopySource,
    /// Connection that is written.
    pub to: String,
    /// Staging table that is replaced: `name` or `schema.name`.
    pub table: Text,
    /// Whether the staging table is made UNLOGGED: quicker, and empty after a crash of the server.
    pub unlogged: bool,
}

/// What a copy reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopySource {
    /// A table, whole or in part.
    Table {
        /// The table: `name` or `schema.name`.
        table: Text,
        /// Columns to copy, in this order; all if empty.
        #[serde(default)]
        columns: Vec<String>,
        /// Condition on the rows, an SQL expression.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<SqlText>,
    },
    /// A query's result.
    Query(SqlText),
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LoadMode;
use crate::domain::template::{SqlText, Text};

/// Streams PostgreSQL tables or a query into PostgreSQL staging tables, changed in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CopyStep {
    /// Connection that is read.
    pub from: String,
    /// What is read.
    pub source: CopyRead,
    /// Connection that is written.
    pub to: String,
    /// Where the rows go.
    #[serde(flatten)]
    pub target: CopyTarget,
    /// What becomes of the rows that are there already.
    #[serde(default)]
    pub mode: LoadMode,
    /// Columns that tell rows apart, for `upsert`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// How a replaced table changes.
    #[serde(default)]
    pub swap: CopySwap,
    /// How many parts are copied side by side, from 1 to 64.
    #[serde(default = "one")]
    pub streams: u32,
    /// Column by which rows are divided among streams, where there is no table to divide by its pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_by: Option<String>,
    /// Whether staging tables are made UNLOGGED: quicker, and empty after a crash of the server.
    #[serde(default)]
    pub unlogged: bool,
    /// What is compared before the rows become visible.
    #[serde(default)]
    pub verify: CopyVerify,
}

const fn one() -> u32 {
    1
}

/// What a copy reads: one table or query, or several tables as of one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyRead {
    /// Tables by name or pattern: `name`, `schema.name`, with `*` and `?`; a leading `!` takes away.
    Tables(Vec<Text>),
    /// One table or query.
    #[serde(untagged)]
    One(CopySource),
}

impl From<CopySource> for CopyRead {
    fn from(source: CopySource) -> Self {
        Self::One(source)
    }
}

/// One table or query.
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

/// Where a copy's rows go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyTarget {
    /// Into this staging table: `name` or `schema.name`.
    Table(Text),
    /// Into tables of this schema that have the names of those that are read.
    Schema(Text),
}

/// How a replaced table changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopySwap {
    /// A new table takes the old one's place.
    #[default]
    Rename,
    /// The table stays, and its rows are exchanged: what hangs on it (views, foreign keys) stays, too.
    InPlace,
}

/// What is compared before the rows become visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyVerify {
    /// The numbers of rows read and written, stream by stream.
    #[default]
    Rows,
    /// And a checksum over the content of each table, computed by both servers.
    Checksum,
}

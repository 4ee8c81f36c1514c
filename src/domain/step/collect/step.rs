use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommandSource, Expect, FileSource, HttpSource, Into, QuerySource};

/// Brings outside data into a table, all of it in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectStep {
    /// Where the data comes from.
    pub source: CollectSource,
    /// Where it goes.
    pub into: Into,
    /// What must hold before anything is loaded.
    pub expect: Expect,
    /// Whether `replace` may leave the table empty.
    pub allow_empty: bool,
}

/// Where collected data comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectSource {
    /// An HTTP server.
    Http(Box<HttpSource>),
    /// Files, on a disk or in an object store.
    File(FileSource),
    /// A query on a connection.
    Query(QuerySource),
    /// A program's output.
    Command(Box<CommandSource>),
}

impl CollectSource {
    /// Whether an attempt that fails keeps its pages for the next one.
    pub fn keeps_pages(&self) -> bool {
        matches!(self, Self::Http(source) if source.keeps_pages())
    }
}

/// How the bytes are to be read. Gzip and zstd are recognised by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// One JSON document; `records` says where the array of records is.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// Apache Parquet (files only).
    Parquet,
}

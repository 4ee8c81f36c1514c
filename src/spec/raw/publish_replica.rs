use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, OneOrMany};
use crate::domain::step::PublishMethod;

/// Publishes a read-only DuckDB file that readers can open at any instant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishReplica")]
pub(crate) struct RawPublish {
    /// What is published.
    #[schemars(required)]
    pub(crate) from: Option<RawPublishFrom>,
    /// Where the replica stands: a path, an address (`s3://bucket/folder/name.db`), or a list of them.
    #[schemars(required)]
    pub(crate) to: Option<OneOrMany<String>>,
    /// How the file is made. Default: auto.
    pub(crate) method: Option<PublishMethod>,
    /// How many generations stay, the published one included. Default: 3.
    #[schemars(range(min = 1))]
    pub(crate) keep: Option<u32>,
    /// Statements that must return a single true, asked of the new file before it becomes visible.
    pub(crate) checks: Option<Vec<String>>,
    /// The largest share of its rows, 0 to 1, that a table may have lost since the generation before. Default: no limit.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(crate) max_shrink: Option<f64>,
    /// DuckDB's storage version of the replica. Default: v1.4.0, which DuckDB 1.4 and newer can read.
    pub(crate) storage_version: Option<String>,
    /// The age at which the replica counts as stale, also when the job never ran. Default: none.
    pub(crate) max_age: Option<Length>,
    /// How many tables or parts of them are read side by side from PostgreSQL, under one snapshot. Default: 1.
    #[schemars(range(min = 1))]
    pub(crate) streams: Option<u32>,
    /// Whether primary keys and unique constraints of PostgreSQL's tables come along. DuckDB keeps an index for each, which
    /// it builds in memory. Default: false.
    pub(crate) keys: Option<bool>,
}

/// What a replica is made from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishFrom")]
pub(crate) struct RawPublishFrom {
    /// The connection: DuckDB (its whole file), or PostgreSQL with `tables`.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// Tables of a PostgreSQL connection, read under one snapshot.
    pub(crate) tables: Option<Vec<RawTableEntry>>,
}

/// A table's name, or more about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum RawTableEntry {
    /// `name` or `schema.name`; the replica's table gets the name without the schema.
    Name(String),
    /// More about it.
    More(RawPublishTable),
}

/// One table of a replica: `table` or `query`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublishTable")]
pub(crate) struct RawPublishTable {
    /// Its name in the replica.
    #[schemars(required)]
    pub(crate) name: Option<String>,
    /// The table: `name` or `schema.name`.
    pub(crate) table: Option<String>,
    /// A query whose result is published.
    pub(crate) query: Option<String>,
    /// Condition on the table's rows, an SQL expression.
    pub(crate) r#where: Option<String>,
    /// Columns of the table, in this order. Default: all.
    pub(crate) columns: Option<Vec<String>>,
}

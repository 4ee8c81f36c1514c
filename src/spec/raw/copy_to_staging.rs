use schemars::JsonSchema;
use serde::Deserialize;

use super::OneOrMany;
use crate::domain::step::{CopySwap, CopyVerify, LoadMode};

/// Streams PostgreSQL tables or a query into PostgreSQL staging tables, changed in one transaction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CopyToStaging")]
pub(crate) struct RawCopy {
    /// What is read.
    #[schemars(required)]
    pub(crate) from: Option<RawCopyFrom>,
    /// What is written.
    #[schemars(required)]
    pub(crate) to: Option<RawCopyTo>,
    /// What becomes of the rows that a staging table has already. Default: replace.
    pub(crate) mode: Option<LoadMode>,
    /// Columns that tell rows apart, for `mode: upsert`.
    pub(crate) key: Option<Vec<String>>,
    /// How many parts are copied side by side, 1 to 64. Default: 1. Tables are divided by their pages, partitioned ones
    /// by partition, all as of one moment.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) streams: Option<u32>,
    /// Column by which rows are divided among streams: for queries and views, which have no pages.
    pub(crate) split_by: Option<String>,
    /// How a replaced table changes: `rename` puts a new table in its place, `in_place` keeps the table, and with it the
    /// views and foreign keys that hang on it, and exchanges its rows. Default: rename.
    pub(crate) swap: Option<CopySwap>,
    /// Whether staging tables are made UNLOGGED: quicker, and empty after a crash of the server. Default: false.
    pub(crate) unlogged: Option<bool>,
    /// What is compared before the rows become visible: the numbers of rows read and written, or also a `checksum` over
    /// the content of each table, computed by both servers. Default: rows.
    pub(crate) verify: Option<CopyVerify>,
}

/// What a copy reads: `table`, `tables` or `query`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CopyFrom")]
pub(crate) struct RawCopyFrom {
    /// The connection, PostgreSQL.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The table: `name` or `schema.name`.
    pub(crate) table: Option<String>,
    /// Several tables, all as of one moment: names or patterns with `*` and `?`, as `sales.*`; a leading `!` takes away.
    pub(crate) tables: Option<OneOrMany<String>>,
    /// A query whose result is copied.
    pub(crate) query: Option<String>,
    /// Condition on the table's rows, an SQL expression.
    pub(crate) r#where: Option<String>,
    /// Columns of the table, in this order. Default: all.
    pub(crate) columns: Option<Vec<String>>,
}

/// What a copy writes: `table` or `schema`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CopyTo")]
pub(crate) struct RawCopyTo {
    /// The connection, PostgreSQL.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The staging table: `name` or `schema.name`.
    pub(crate) table: Option<String>,
    /// The schema of the staging tables, which have the names of those that are read.
    pub(crate) schema: Option<String>,
}

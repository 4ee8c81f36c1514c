use schemars::JsonSchema;
use serde::Deserialize;

use super::Unused;

/// Streams a PostgreSQL table or query into a PostgreSQL staging table, replaced in one transaction.
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
    /// Only `replace` so far.
    pub(crate) mode: Option<String>,
    /// No effect yet.
    pub(crate) key: Option<Unused>,
    /// Only 1 so far.
    pub(crate) streams: Option<u32>,
    /// No effect yet.
    pub(crate) split_by: Option<Unused>,
    /// No effect yet.
    pub(crate) swap: Option<Unused>,
    /// Whether the staging table is made UNLOGGED: quicker, and empty after a crash of the server. Default: false.
    pub(crate) unlogged: Option<bool>,
    /// Only `rows` so far: rows read and rows written are compared.
    pub(crate) verify: Option<String>,
}

/// What a copy reads: `table` or `query`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CopyFrom")]
pub(crate) struct RawCopyFrom {
    /// The connection, PostgreSQL.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The table: `name` or `schema.name`.
    pub(crate) table: Option<String>,
    /// No effect yet.
    pub(crate) tables: Option<Unused>,
    /// A query whose result is copied.
    pub(crate) query: Option<String>,
    /// Condition on the table's rows, an SQL expression.
    pub(crate) r#where: Option<String>,
    /// Columns of the table, in this order. Default: all.
    pub(crate) columns: Option<Vec<String>>,
}

/// What a copy writes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CopyTo")]
pub(crate) struct RawCopyTo {
    /// The connection, PostgreSQL.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The staging table that is replaced: `name` or `schema.name`.
    pub(crate) table: Option<String>,
    /// No effect yet.
    pub(crate) schema: Option<Unused>,
}

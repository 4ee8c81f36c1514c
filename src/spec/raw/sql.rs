use schemars::JsonSchema;
use serde::Deserialize;

use super::RawRows;

/// Runs statements on PostgreSQL or DuckDB in one transaction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Sql")]
pub(crate) struct RawSql {
    /// The connection, PostgreSQL or DuckDB.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The statements, separated by semicolons.
    pub(crate) statement: Option<String>,
    /// A file that holds the statements, relative to the job file.
    pub(crate) file: Option<String>,
    /// What must hold, or everything is rolled back.
    pub(crate) expect: Option<RawSqlExpect>,
}

/// What must hold of a statement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SqlExpect")]
pub(crate) struct RawSqlExpect {
    /// Bounds on the rows that the last statement returns or changes.
    pub(crate) rows: Option<RawRows>,
}

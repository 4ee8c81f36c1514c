use schemars::JsonSchema;
use serde::Deserialize;

/// Data from a query on a connection.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuerySource")]
pub(crate) struct RawQuery {
    /// The connection, PostgreSQL or DuckDB.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The query: one statement that returns rows.
    pub(crate) statement: Option<String>,
    /// A file that holds the query, relative to the job file.
    pub(crate) file: Option<String>,
}

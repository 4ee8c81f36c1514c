use serde::{Deserialize, Serialize};

use crate::domain::template::SqlText;

/// Data from a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuerySource {
    /// The connection's name, PostgreSQL or DuckDB.
    pub connection: String,
    /// The query: one statement that returns rows.
    pub statement: SqlText,
}

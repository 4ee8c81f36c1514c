use serde::{Deserialize, Serialize};

use super::RowBounds;
use crate::domain::template::SqlText;

/// Runs statements on PostgreSQL or DuckDB in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SqlStep {
    /// The connection's name.
    pub connection: String,
    /// The statements, separated by semicolons. A `file` has been read into this.
    pub statement: SqlText,
    /// Bounds on the rows that the last statement returns or changes; outside them everything is rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_rows: Option<RowBounds>,
}

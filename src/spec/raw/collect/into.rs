use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::step::LoadMode;
use crate::spec::raw::{Pairs, Unused};

/// Where collected data goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Into")]
pub(crate) struct RawInto {
    /// The connection, PostgreSQL or DuckDB.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The table: `name` or `schema.name`. It is made if it doesn't exist.
    #[schemars(required)]
    pub(crate) table: Option<String>,
    /// What happens to the rows that are there. Default: replace.
    pub(crate) mode: Option<LoadMode>,
    /// Columns that tell rows apart, for `mode: upsert`.
    pub(crate) key: Option<Vec<String>>,
    /// Types of columns, in the target's words; others are inferred.
    pub(crate) columns: Option<Pairs<String>>,
    /// No effect yet.
    pub(crate) new_columns: Option<Unused>,
}

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::step::{LoadMode, NewColumns};
use crate::spec::raw::Pairs;

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
    /// What happens to columns that the table hasn't. Default: fail.
    pub(crate) new_columns: Option<NewColumns>,
    /// Columns that say which load a row came with.
    pub(crate) load_columns: Option<RawLoadColumns>,
}

/// Columns that say which load a row came with; the table gets them if it hasn't.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LoadColumns")]
pub(crate) struct RawLoadColumns {
    /// The column for the run's id.
    pub(crate) load_id: Option<String>,
    /// The column for the time of the load.
    pub(crate) loaded_at: Option<String>,
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::template::Text;

/// Where collected data goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Into {
    /// The connection's name, PostgreSQL or DuckDB.
    pub connection: String,
    /// The table: `name` or `schema.name`. Made from the data if it doesn't exist.
    pub table: Text,
    /// What happens to what is there.
    pub mode: LoadMode,
    /// Columns that tell rows apart, for `upsert`.
    #[serde(default)]
    pub key: Vec<String>,
    /// Declared types; others are inferred from the data.
    #[serde(default)]
    pub columns: Vec<ColumnType>,
    /// What happens to columns that the table hasn't.
    #[serde(default)]
    pub new_columns: NewColumns,
    /// Columns that say which load a row came with.
    #[serde(default)]
    pub load_columns: LoadColumns,
}

/// What happens to columns of the data that the table hasn't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewColumns {
    /// The load fails.
    #[default]
    Fail,
    /// The table gets them.
    Add,
    /// They are left out.
    Ignore,
}

/// Columns that say which load a row came with; the table gets them if it hasn't.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadColumns {
    /// The column for the run's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_id: Option<String>,
    /// The column for the time of the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<String>,
}

/// A column's declared type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// The column.
    pub name: String,
    /// The type, in the target's words.
    pub sql_type: String,
}

/// What happens to the rows that a table holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    /// They are replaced.
    #[default]
    Replace,
    /// They stay; a run's rows are added once, however often the step is tried.
    Append,
    /// Rows of the same key are replaced, others stay.
    Upsert,
}

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::raw::{Anything, Pairs, Unused};

/// What must hold before anything is loaded.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub(crate) struct RawExpect {
    /// Bounds on the number of rows.
    pub(crate) rows: Option<RawRows>,
    /// Columns that must be there.
    pub(crate) columns: Option<Vec<String>>,
    /// Columns without a missing value.
    pub(crate) not_null: Option<Vec<String>>,
    /// Columns that together tell rows apart.
    pub(crate) unique: Option<Vec<String>>,
    /// Values that an HTTP server's JSON answer must have, by JSON pointer: `/header/resultCode: "00"`. With `paginate`
    /// every page must have them.
    pub(crate) json: Option<Pairs<Anything>>,
    /// No effect yet.
    pub(crate) fresh: Option<Unused>,
}

/// Bounds on a number of rows, both included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rows")]
pub(crate) struct RawRows {
    /// At least so many.
    pub(crate) min: Option<u64>,
    /// At most so many.
    pub(crate) max: Option<u64>,
    /// No effect yet.
    pub(crate) drop_at_most: Option<Unused>,
}

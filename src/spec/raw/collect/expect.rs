use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::raw::{Anything, Length, Pairs, Scalar};

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
    /// A column whose latest time must not be long before the run's due time.
    pub(crate) fresh: Option<RawFresh>,
}

/// How old the newest row may be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fresh")]
pub(crate) struct RawFresh {
    /// A column with times or days; what names no zone is in the job's.
    #[schemars(required)]
    pub(crate) column: Option<String>,
    /// How long before the run's due time its latest value may lie.
    #[schemars(required)]
    pub(crate) within: Option<Length>,
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
    /// How many percent fewer rows than in the last run that succeeded are still right: `50%`. For `collect`.
    pub(crate) drop_at_most: Option<Scalar>,
}

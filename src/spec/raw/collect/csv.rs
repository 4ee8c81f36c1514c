use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::raw::{OneOrMany, Scalar};

/// How CSV is written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Csv")]
pub(crate) struct RawCsv {
    /// What stands between two fields. Default: the one of `,`, `;`, `|` and tab that the first line has most.
    pub(crate) delimiter: Option<String>,
    /// What stands around a field; empty: nothing does. Default: `"`.
    pub(crate) quote: Option<String>,
    /// What stands before a quote within a field. Default: another quote.
    pub(crate) escape: Option<String>,
    /// Whether the first line has the columns' names. Default: true.
    pub(crate) header: Option<bool>,
    /// The columns' names, for `header: false`.
    pub(crate) names: Option<Vec<String>>,
    /// What stands for a missing value: one text or several. Default: an empty field.
    pub(crate) nulls: Option<OneOrMany<Scalar>>,
    /// The encoding, for example `cp949`. Default: UTF-8, or UTF-16 where the file says so.
    pub(crate) encoding: Option<String>,
    /// Lines before the header that are left out. Default: 0.
    pub(crate) skip_rows: Option<u32>,
}

/// What becomes of rows that can't be read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BadRows")]
pub(crate) struct RawBadRows {
    /// How many are put aside at most; with one more the load fails.
    #[schemars(required)]
    pub(crate) limit: Option<u64>,
    /// The table that they go into, in the schema of the target. Default: the target's name with `_rejects`.
    pub(crate) table: Option<String>,
}

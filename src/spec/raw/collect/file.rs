use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::step::BodyFormat;
use crate::spec::raw::Unused;

/// Data from local files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FileSource")]
pub(crate) struct RawFileSource {
    /// A path or a glob, relative to the job file.
    #[schemars(required)]
    pub(crate) path: Option<String>,
    /// How the files are to be read. Default: by their ending.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    pub(crate) records: Option<String>,
    /// No effect yet.
    pub(crate) only_new: Option<Unused>,
}

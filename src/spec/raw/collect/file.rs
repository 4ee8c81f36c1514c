use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawBadRows, RawCsv};
use crate::domain::step::BodyFormat;

/// Data from files, on a disk or in an object store.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FileSource")]
pub(crate) struct RawFileSource {
    /// A path or a glob, relative to the job file, or an address in an object store: `s3://bucket/folder/*.csv`.
    #[schemars(required)]
    pub(crate) path: Option<String>,
    /// How the files are to be read. Default: by their ending.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    pub(crate) records: Option<String>,
    /// How CSV is written.
    pub(crate) csv: Option<RawCsv>,
    /// What becomes of rows that can't be read, of CSV and NDJSON. Default: the load fails.
    pub(crate) bad_rows: Option<RawBadRows>,
    /// Whether files that were loaded before are left alone, for `mode: append` and `upsert`. Default: false.
    pub(crate) only_new: Option<bool>,
    /// Largest size of one file in bytes, after decompression. Default: none.
    pub(crate) max_bytes: Option<u64>,
}

use serde::{Deserialize, Serialize};

use super::{BadRows, BodyFormat, Csv};
use crate::domain::template::Text;

/// Data from files, on a disk or in an object store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSource {
    /// A path or a glob, relative to the job file, or an address of an object store.
    pub path: Text,
    /// How the files are to be read; `None`: by their ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// How CSV is written.
    #[serde(default)]
    pub csv: Csv,
    /// What becomes of rows that can't be read; `None`: the load fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_rows: Option<BadRows>,
    /// Whether a file that was loaded before is left alone.
    #[serde(default)]
    pub only_new: bool,
    /// Largest size of one file in bytes, after decompression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The folder that a relative path starts from.
    pub base: std::path::PathBuf,
}

use serde::{Deserialize, Serialize};

use super::BodyFormat;
use crate::domain::template::Text;

/// Data from local files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSource {
    /// A path or a glob; relative to the job file.
    pub path: Text,
    /// How the files are to be read; `None`: by their ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// The folder that a relative path starts from.
    pub base: std::path::PathBuf,
}

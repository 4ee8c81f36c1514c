use serde::{Deserialize, Serialize};

use super::BodyFormat;
use crate::domain::step::CommandStep;

/// Data from a program's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSource {
    /// The program.
    pub command: CommandStep,
    /// How its output is to be read.
    pub format: BodyFormat,
    /// JSON pointer to the array of records, for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Largest output in bytes, also after decompression.
    pub max_bytes: u64,
}

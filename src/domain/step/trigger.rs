use serde::{Deserialize, Serialize};

use crate::domain::template::Text;

/// Starts another job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerStep {
    /// The job's name.
    pub job: Text,
    /// Its parameters.
    #[serde(default)]
    pub params: Vec<(String, Text)>,
    /// Whether to wait for its end; it must then succeed.
    pub wait: bool,
}

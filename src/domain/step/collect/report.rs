use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::HttpRequest;

/// A report: create, poll until ready, download, delete what was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Makes the report. The answer is a JSON object, `report` in later templates.
    pub create: HttpRequest,
    /// Says whether it is ready.
    pub poll: Poll,
    /// Deletes it; also done after failure, timeout and cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<HttpRequest>,
}

/// Waiting for a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// Asks for its state. The answer is a JSON object, `poll` in `until`.
    pub request: HttpRequest,
    /// A template expression that is true when the report is ready, for example `poll.status == 'BUILT'`.
    pub until: String,
    /// A template expression that is true when the report will never be ready, for example `poll.status == 'FAILED'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_if: Option<String>,
    /// Pause between two looks.
    pub every: Duration,
    /// Longest wait.
    pub timeout: Duration,
}

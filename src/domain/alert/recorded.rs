//! An alert as it is recorded.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::kind::{AlertKind, AlertState};
use crate::domain::ids::RunId;

/// An alert's id: what its receivers may know it again by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct AlertId(pub Uuid);

impl std::fmt::Display for AlertId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// What happened.
    pub kind: AlertKind,
    /// To which job.
    pub job: String,
    /// In which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What was known then.
    pub detail: AlertDetail,
    /// What became of it.
    pub state: AlertState,
    /// How often somebody began to tell it.
    pub tries: u32,
    /// When it is tried again, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<DateTime<Utc>>,
    /// When it was delivered, folded or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// What its receiver said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The alert that it was told with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded_into: Option<AlertId>,
}

/// What is known of an alert beside its run; which of it is there depends on the kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct AlertDetail {
    /// The step's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The attempt's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The lock that is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Behind whom, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// The replica's path or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// How old it may be, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<f64>,
    /// The due time that a deadline was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// The deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// What became of the due time, if it didn't get a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firing: Option<String>,
}

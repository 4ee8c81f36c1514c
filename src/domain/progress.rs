//! How far a running step is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A snapshot of a running step. A later one replaces an earlier one; none needs to be delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done now, a few words: `copying staging.orders`, `waiting for worker slots`.
    pub phase: String,
    /// Rows done in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Rows expected in all, where an estimate exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_expected: Option<u64>,
    /// Bytes done in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes expected in all, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_expected: Option<u64>,
    /// How fast it goes, in bytes per second, over the last few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_s: Option<u64>,
    /// Seconds until this phase ends, where it can be estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// Tables that are worked on right now, where a step has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableProgress>,
}

/// How far one table of several is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableProgress {
    /// The table.
    pub table: String,
    /// Rows done.
    pub rows: u64,
    /// Rows expected in all, where an estimate exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_expected: Option<u64>,
    /// Bytes done.
    pub bytes: u64,
    /// How fast it goes, in bytes per second, over the last few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_s: Option<u64>,
    /// Seconds until it is done, where it can be estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
}

impl Progress {
    /// A phase without numbers.
    pub fn phase(phase: impl Into<String>) -> Self {
        Self { phase: phase.into(), ..Self::default() }
    }
}

/// A count spread over a time, rounded down; nothing over no time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for people: exact to far more digits than are shown"
)]
pub fn per_second(count: u64, span: Duration) -> u64 {
    if span.is_zero() { 0 } else { (count as f64 / span.as_secs_f64()) as u64 }
}

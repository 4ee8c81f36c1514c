use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What must hold before anything is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expect {
    /// Bounds on the number of rows.
    pub rows: Option<RowBounds>,
    /// How many percent fewer rows than the last time are still right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_at_most: Option<u8>,
    /// Columns that must be there.
    pub columns: Vec<String>,
    /// Columns without a missing value.
    pub not_null: Vec<String>,
    /// Columns that together tell rows apart; none if empty.
    pub unique: Vec<String>,
    /// Values that an HTTP server's JSON answer must have, by JSON pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<(String, serde_json::Value)>,
    /// A column whose latest time must not be long ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Fresh>,
}

/// How old the newest row may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// The column with a time or a day.
    pub column: String,
    /// How long before the run's due time its latest value may lie.
    pub within: Duration,
}

/// What is wrong with `rows` after `before` rows the last time, in words.
pub fn dropped(rows: u64, before: u64, at_most_percent: u8) -> Option<String> {
    let least = u128::from(before) * u128::from(100_u8.saturating_sub(at_most_percent));
    (u128::from(rows) * 100 < least)
        .then(|| format!("expected at most {at_most_percent}% fewer rows than the last time ({before}), found {rows}"))
}

/// Bounds on a number of rows, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowBounds {
    /// At least so many.
    pub min: Option<u64>,
    /// At most so many.
    pub max: Option<u64>,
}

impl RowBounds {
    /// What is wrong with `rows`, in words; `None` if it is within.
    pub fn complaint(self, rows: u64) -> Option<String> {
        match (self.min, self.max) {
            (Some(min), _) if rows < min => Some(format!("expected at least {min} rows, found {rows}")),
            (_, Some(max)) if rows > max => Some(format!("expected at most {max} rows, found {rows}")),
            _ => None,
        }
    }
}

use serde::{Deserialize, Serialize};

/// What must hold before anything is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expect {
    /// Bounds on the number of rows.
    pub rows: Option<RowBounds>,
    /// Columns that must be there.
    pub columns: Vec<String>,
    /// Columns without a missing value.
    pub not_null: Vec<String>,
    /// Columns that together tell rows apart; none if empty.
    pub unique: Vec<String>,
    /// Values that an HTTP server's JSON answer must have, by JSON pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<(String, serde_json::Value)>,
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

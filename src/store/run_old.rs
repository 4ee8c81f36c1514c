//! Runs that are old enough to go.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::pool::{Store, database};

/// A part of the old runs that was removed.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    /// How many.
    pub count: u64,
    /// When the last of them was made: the next part begins there.
    pub through: Option<DateTime<Utc>>,
}

impl Store {
    /// Removes runs that ended longer ago than that, with all that belongs to them: at most so many, beginning after
    /// those that were removed before.
    pub async fn remove_old_runs(
        &self,
        keep: Duration,
        most: u32,
        after: Option<DateTime<Utc>>,
    ) -> Result<Removed, StoreError> {
        const DOING: &str = "removing old runs";
        self.call(DOING, async |connection| {
            let row = connection
                .query_one(include_str!("sql/run_remove_old.sql"), &[&keep.as_secs_f64(), &i64::from(most), &after])
                .await
                .map_err(database(DOING))?;
            let count = u64::try_from(row.get::<_, i64>("removed")).unwrap_or(0);
            Ok(Removed { count, through: row.get("through") })
        })
        .await
    }
}

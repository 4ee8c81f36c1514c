//! The ledger of firings as people read it, and its end: it is kept as long as runs are.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::RunId;

/// A firing as a list shows it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Firing)]
pub struct FiringRow {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// What became of it.
    pub state: String,
    /// Why, in a stable word (`domain::firing::Reason`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When that was decided.
    pub noticed_at: DateTime<Utc>,
    /// Its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// Which firings a list shows, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct FiringFilter {
    /// Due at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Due at this time or earlier.
    pub until: Option<DateTime<Utc>>,
    /// At most so many; all if it is zero.
    pub limit: u32,
}

impl Store {
    /// A job's firings.
    pub async fn firings(&self, job: &str, filter: FiringFilter) -> Result<Vec<FiringRow>, StoreError> {
        const DOING: &str = "reading firings";
        let limit = (filter.limit > 0).then(|| i64::from(filter.limit));
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("sql/firing_list.sql"), &[&job, &filter.since, &filter.until, &limit])
                .await
                .map_err(database(DOING))?;
            Ok(rows.iter().map(firing_row).collect())
        })
        .await
    }

    /// A job's due times of late that did not run, newest first.
    pub async fn left_out(&self, job: &str, limit: u32) -> Result<Vec<FiringRow>, StoreError> {
        const DOING: &str = "reading firings";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/firing_left_out.sql"), &[&job, &i64::from(limit)]).await;
            Ok(rows.map_err(database(DOING))?.iter().map(firing_row).collect())
        })
        .await
    }

    /// Firings that a job's pause has skipped so far, oldest first.
    pub async fn skipped_by_pause(&self, job: &str) -> Result<Vec<DateTime<Utc>>, StoreError> {
        const DOING: &str = "reading what a pause skipped";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/firing_paused.sql"), &[&job]).await;
            Ok(rows.map_err(database(DOING))?.iter().map(|row| row.get("scheduled_for")).collect())
        })
        .await
    }

    /// Removes firings that were due longer ago than that, at most so many. Returns how many.
    pub async fn remove_old_firings(&self, keep: std::time::Duration, most: u32) -> Result<u64, StoreError> {
        const DOING: &str = "removing old firings";
        self.call(DOING, async |connection| {
            let values: [&(dyn ToSql + Sync); 2] = [&keep.as_secs_f64(), &i64::from(most)];
            let removed = connection.execute(include_str!("sql/firing_remove_old.sql"), &values).await;
            removed.map_err(database(DOING))
        })
        .await
    }
}

fn firing_row(row: &Row) -> FiringRow {
    FiringRow {
        scheduled_for: row.get("scheduled_for"),
        state: row.get("state"),
        reason: row.get("reason"),
        noticed_at: row.get("noticed_at"),
        run: row.get::<_, Option<uuid::Uuid>>("run").map(RunId),
    }
}

//! Which runs are over.

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::RunId;

impl Store {
    /// The runs among these that have ended. One that isn't known any more isn't among them.
    pub async fn ended_among(&self, runs: &[RunId]) -> Result<Vec<RunId>, StoreError> {
        const DOING: &str = "looking which runs have ended";
        self.call(DOING, async |connection| {
            let ids: Vec<uuid::Uuid> = runs.iter().map(|run| run.0).collect();
            let rows = connection.query(include_str!("sql/run_ended.sql"), &[&ids]).await.map_err(database(DOING))?;
            Ok(rows.iter().map(|row| RunId(row.get(0))).collect())
        })
        .await
    }
}

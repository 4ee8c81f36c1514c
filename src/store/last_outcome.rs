//! What a job's step came to the last time.

use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::RunId;
use crate::domain::outcome::Outcome;

impl Store {
    /// The outcome of a job's step the last time that it succeeded in another run than this; `None` if it never did.
    pub async fn last_outcome(&self, job: &str, step: &str, run: RunId) -> Result<Option<Outcome>, StoreError> {
        const DOING: &str = "looking for the step's last outcome";
        self.call(DOING, async |connection| {
            let row = connection
                .query_opt(include_str!("sql/attempt_last_outcome.sql"), &[&job, &step, &run.0])
                .await
                .map_err(database(DOING))?;
            let outcome = row.map(|row| row.try_get::<_, Option<Json<Outcome>>>("outcome")).transpose();
            Ok(outcome.map_err(database(DOING))?.flatten().map(|Json(outcome)| outcome))
        })
        .await
    }
}

//! How far a running attempt is, for those who look from another process.

use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::progress::Progress;

const DOING: &str = "recording how far a step is";

impl Store {
    /// Records how far an attempt is. Only the newest is kept; of an attempt that has ended, the last one.
    pub async fn progress(
        &self,
        me: DaemonId,
        run: RunId,
        step: usize,
        number: u32,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let (step, number) = (i32::try_from(step).unwrap_or(i32::MAX), i32::try_from(number).unwrap_or(i32::MAX));
        self.transaction(DOING, async |transaction| {
            // Losing it in a crash of the server loses nothing: the attempt says more soon.
            transaction.batch_execute("set local synchronous_commit = off").await.map_err(database(DOING))?;
            let update = include_str!("sql/attempt_progress.sql");
            transaction
                .execute(update, &[&run.0, &step, &number, &me.0, &Json(progress)])
                .await
                .map_err(database(DOING))?;
            Ok(())
        })
        .await
    }
}

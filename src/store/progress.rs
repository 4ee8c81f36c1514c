//! How far a running attempt is, for those who look from another process.

use tokio_postgres::types::Json;

use super::connection::{Call, RELAXED, Value};
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
        // Losing it in a crash of the server loses nothing: the attempt says more soon.
        let relaxed = Call { statement: RELAXED, values: Vec::new() };
        let values: Vec<Value<'_>> =
            vec![Box::new(run.0), Box::new(step), Box::new(number), Box::new(me.0), Box::new(Json(progress))];
        let update = Call { statement: include_str!("sql/attempt_progress.sql"), values };
        self.call(DOING, async |connection| {
            connection.at_once(&[relaxed, update]).await.map(|_| ()).map_err(database(DOING))
        })
        .await
    }
}

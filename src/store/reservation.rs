//! A step's turn at something that all steps of all daemons share, for a moment: the worker slots of a server.
//!
//! It uses the queues of the locks, so it is first come, first served, and `locks` shows it. It differs from a lock in
//! that nothing depends on it but manners: it ends with the attempt, whatever else the run holds, and leaves no history.

use super::error::StoreError;
use super::lock::{Capacities, StepLocks, own_and_ask};
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::ids::{DaemonId, RunId};

/// The number that stands for "this step's reservations" where a step's place is expected. The statements that end
/// attempts count in the same way.
fn place(step: usize) -> i32 {
    i32::try_from(step).map_or(i32::MIN, |step| -2 - step)
}

impl Store {
    /// Asks for a step's turn at `name`, or for its place in the queue.
    pub async fn reserve(&self, me: DaemonId, run: RunId, step: usize, name: &str) -> Result<StepLocks, StoreError> {
        const DOING: &str = "reserving a turn";
        self.transaction(DOING, async |transaction| {
            let names = [name.to_owned()];
            own_and_ask(transaction, me, run, place(step), &names, &Capacities::default()).await
        })
        .await
    }

    /// Gives up a step's turn at `name`, or its place in the queue. Without effect if it has neither.
    pub async fn give_back(&self, run: RunId, step: usize, name: &str) -> Result<(), StoreError> {
        const DOING: &str = "giving a turn back";
        self.transaction(DOING, async |transaction| {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&run.0, &place(step), &name];
            transaction.execute(include_str!("sql/reservation_end.sql"), &values).await.map_err(database(DOING))?;
            Wake::Work.notify(transaction).await.map_err(database(DOING))
        })
        .await
    }
}

//! Writing what happened to a run: several facts in one durable commit, by its owner only.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::failure::Failure;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::outcome::Outcome;
use crate::domain::state::{AttemptState, RunState};

const DOING: &str = "recording a run";

/// One fact about a run.
#[derive(Clone, Debug)]
pub enum Write {
    /// An attempt starts.
    Start {
        /// The step's place.
        step: usize,
        /// The attempt's number.
        number: u32,
    },
    /// An attempt ended.
    End {
        /// The step's place.
        step: usize,
        /// The attempt's number.
        number: u32,
        /// How.
        state: AttemptState,
        /// What it has to say.
        outcome: Option<Box<Outcome>>,
        /// What went wrong.
        failure: Option<Box<Failure>>,
    },
    /// A step's own locks are free.
    ReleaseStep {
        /// The step's place.
        step: usize,
    },
    /// The run ended: it has no owner any more and all its locks are free.
    EndRun {
        /// How.
        state: RunState,
        /// Why, where the reason is not an attempt's failure.
        failure: Option<Box<Failure>>,
    },
    /// The run goes back to the queue; its locks stay its own.
    Requeue,
}

impl Store {
    /// Writes facts about a run, all or none, if it is still this daemon's. Returns the database's time. Writing the
    /// same facts again, after an answer that was lost, changes nothing.
    pub async fn record(&self, me: DaemonId, run: RunId, writes: &[Write]) -> Result<DateTime<Utc>, StoreError> {
        self.transaction(DOING, async |transaction| {
            let owned = transaction
                .query_opt(include_str!("sql/run_own.sql"), &[&run.0, &me.0])
                .await
                .map_err(database(DOING))?;
            match owned {
                Some(row) => {
                    for write in writes {
                        apply(transaction, me, run, write).await?;
                    }
                    Ok(row.get("now"))
                }
                None => already_written(transaction, run, writes).await,
            }
        })
        .await
    }

    /// Whether the run is still this daemon's and nobody asked for its end. The commit gate.
    pub async fn gate(&self, me: DaemonId, run: RunId) -> Result<bool, StoreError> {
        const DOING: &str = "asking whether the run is still ours";
        self.call(DOING, async |connection| {
            let row = connection
                .query_opt(include_str!("sql/run_gate.sql"), &[&run.0, &me.0])
                .await
                .map_err(database(DOING))?;
            row.map(|row| row.get("wanted")).ok_or(StoreError::NotOwner { doing: DOING })
        })
        .await
    }
}

/// A run that isn't ours any more is fine if it is because these very facts were written before.
async fn already_written(
    transaction: &Transaction<'_>,
    run: RunId,
    writes: &[Write],
) -> Result<DateTime<Utc>, StoreError> {
    let wanted = writes.iter().find_map(|write| match write {
        Write::EndRun { state, .. } => Some(state.label()),
        _ => None,
    });
    let row = transaction.query_opt(include_str!("sql/run_state.sql"), &[&run.0]).await.map_err(database(DOING))?;
    match row {
        Some(row) if wanted.is_some() && wanted == Some(row.get("state")) => Ok(row.get("now")),
        _ => Err(StoreError::NotOwner { doing: DOING }),
    }
}

async fn apply(transaction: &Transaction<'_>, me: DaemonId, run: RunId, write: &Write) -> Result<(), StoreError> {
    let place = |step: &usize| i32::try_from(*step).unwrap_or(i32::MAX);
    let count = |number: &u32| i32::try_from(*number).unwrap_or(i32::MAX);
    let error = database(DOING);
    match write {
        Write::Start { step, number } => {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&run.0, &place(step), &count(number), &me.0];
            transaction.execute(include_str!("sql/attempt_start.sql"), &values).await.map_err(&error)?;
            transaction.execute(include_str!("sql/run_started.sql"), &[&run.0]).await.map_err(error)?;
        }
        Write::End { step, number, state, outcome, failure } => {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [
                &run.0,
                &place(step),
                &count(number),
                &state.label(),
                &outcome.as_ref().map(Json),
                &failure.as_ref().map(Json),
            ];
            transaction.execute(include_str!("sql/attempt_end.sql"), &values).await.map_err(error)?;
        }
        Write::ReleaseStep { step } => {
            transaction
                .execute(include_str!("sql/lock_release.sql"), &[&run.0, &Some(place(step))])
                .await
                .map_err(&error)?;
            Wake::Work.notify(transaction).await.map_err(error)?;
        }
        Write::EndRun { state, failure } => {
            transaction
                .execute(include_str!("sql/run_end.sql"), &[&run.0, &state.label(), &failure.as_ref().map(Json)])
                .await
                .map_err(&error)?;
            transaction.execute(include_str!("sql/lock_release.sql"), &[&run.0, &None::<i32>]).await.map_err(&error)?;
            Wake::Ended(run).notify(transaction).await.map_err(&error)?;
            Wake::Work.notify(transaction).await.map_err(error)?;
        }
        Write::Requeue => {
            transaction.execute(include_str!("sql/run_requeue.sql"), &[&run.0]).await.map_err(&error)?;
            Wake::Work.notify(transaction).await.map_err(error)?;
        }
    }
    Ok(())
}

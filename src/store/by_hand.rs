//! What people do to runs: they make them, end them, and have them tried again.
//!
//! Each comes twice: with whoever does it, whose entry is in the same commit, and without, for the engine.

use super::audit::{Act, Actor, note};
use super::connection::Transaction;
use super::error::StoreError;
use super::lock::call_next;
use super::pool::{Store, database};
use super::run::{NewRun, insert, parse};
use super::wake::Wake;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::state::RunState;

const MAKING: &str = "making a run";
const CANCELLING: &str = "cancelling a run";
const RETRYING: &str = "retrying a run";

/// A run whose end was asked for.
struct Cancelled {
    /// Its state then.
    state: RunState,
    /// Its job.
    job: String,
}

impl Store {
    /// Makes a run that somebody asked for by that word: `trigger`, or `run`.
    pub async fn make_run(&self, actor: &Actor, action: &'static str, run: &NewRun) -> Result<RunId, StoreError> {
        self.transaction(MAKING, async |transaction| {
            let id = insert(transaction, run, MAKING).await?;
            // Its parameters are the run's, and go with it: this record stays for longer.
            note(transaction, actor, &Act { action, job: Some(&run.job), run: Some(id), ..Act::default() }).await?;
            Wake::Work.notify(transaction).await.map_err(database(MAKING))?;
            Ok(id)
        })
        .await
    }

    /// Asks for a run's end, as `cancel_run` does, for somebody.
    pub async fn cancel(&self, actor: &Actor, run: RunId) -> Result<RunState, StoreError> {
        self.transaction(CANCELLING, async |transaction| {
            let Cancelled { state, job } = ask_to_end(transaction, run).await?;
            if matches!(state, RunState::Succeeded | RunState::Failed) {
                // It ended a moment ago, by itself: nothing was done.
                return Err(StoreError::Refused(format!("run {run} has ended already: {state}")));
            }
            let act = Act { action: "cancel", job: Some(&job), run: Some(run), ..Act::default() };
            note(transaction, actor, &act).await?;
            Ok(state)
        })
        .await
    }

    /// Asks for a run's end. One that hasn't started is cancelled at once; a running one by its daemon. Returns the
    /// state that the run is in then.
    pub async fn cancel_run(&self, run: RunId) -> Result<RunState, StoreError> {
        self.transaction(CANCELLING, async |transaction| Ok(ask_to_end(transaction, run).await?.state)).await
    }

    /// Queues a failed or cancelled run again from that step on, for somebody; `said` goes into the entry.
    pub async fn retry(
        &self,
        actor: &Actor,
        run: RunId,
        from_step: usize,
        said: serde_json::Value,
    ) -> Result<(), StoreError> {
        self.transaction(RETRYING, async |transaction| {
            let job = queue_again(transaction, run, from_step, None).await?;
            let act = Act { action: "retry", job: Some(&job), run: Some(run), detail: said };
            note(transaction, actor, &act).await?;
            Ok(())
        })
        .await
    }

    /// Queues a failed or cancelled run again, from that step on. `private_to` as in `NewRun`.
    pub async fn retry_run(
        &self,
        run: RunId,
        from_step: usize,
        private_to: Option<DaemonId>,
    ) -> Result<(), StoreError> {
        self.transaction(RETRYING, async |transaction| {
            queue_again(transaction, run, from_step, private_to).await?;
            Ok(())
        })
        .await
    }
}

async fn ask_to_end(transaction: &Transaction<'_>, run: RunId) -> Result<Cancelled, StoreError> {
    const DOING: &str = CANCELLING;
    transaction.query(include_str!("sql/queue_guard_runs.sql"), &[&vec![run.0]]).await.map_err(database(DOING))?;
    let row = transaction
        .query_opt(include_str!("sql/run_cancel.sql"), &[&run.0])
        .await
        .map_err(database(DOING))?
        .ok_or_else(|| StoreError::Refused(format!("there is no run {run}")))?;
    let state: RunState = parse(row.get("state"), DOING)?;
    // It leaves the queues now, even if it has to be ended first.
    call_next(transaction, run, None).await?;
    transaction.execute(include_str!("sql/lock_release_cancelled.sql"), &[&run.0]).await.map_err(database(DOING))?;
    let wake = if state.is_final() { Wake::Ended(run) } else { Wake::Cancel(run) };
    wake.notify(transaction).await.map_err(database(DOING))?;
    Wake::Work.notify(transaction).await.map_err(database(DOING))?;
    Ok(Cancelled { state, job: row.get("job") })
}

/// Queues a run again, and returns its job.
async fn queue_again(
    transaction: &Transaction<'_>,
    run: RunId,
    from_step: usize,
    private_to: Option<DaemonId>,
) -> Result<String, StoreError> {
    let from = i32::try_from(from_step).unwrap_or(i32::MAX);
    let row = transaction
        .query_opt(include_str!("sql/run_retry.sql"), &[&run.0, &from, &private_to.map(|daemon| daemon.0)])
        .await
        .map_err(database(RETRYING))?
        .ok_or_else(|| {
            StoreError::Refused(format!(
                "run {run} is not there, or neither failed nor cancelled; only such runs can be retried"
            ))
        })?;
    Wake::Work.notify(transaction).await.map_err(database(RETRYING))?;
    Ok(row.get("job"))
}

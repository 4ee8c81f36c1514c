//! Whether a run can start: past its job's other runs, past everybody who wants its locks.

use tokio_postgres::types::Json;
use uuid::Uuid;

use super::DOING;
use super::candidate::Candidate;
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::job::Overlap;
use crate::domain::run::RunLock;
use crate::store::connection::Transaction;
use crate::store::error::StoreError;
use crate::store::lock::{Asked, Capacities, WHOLE_RUN, ask, call_next, guard};
use crate::store::pool::database;
use crate::store::wake::Wake;

/// What is decided about one run.
pub(super) enum Decision {
    /// It starts, with these locks.
    Take(Vec<RunLock>),
    /// It waits, or has ended.
    Leave,
}

/// Guards the queues that the decisions depend on.
pub(super) async fn guard_all(transaction: &Transaction<'_>, candidates: &[Candidate]) -> Result<(), StoreError> {
    let in_jobs_line = candidates.iter().filter(|candidate| candidate.overlap_matters());
    let jobs: Vec<&str> = in_jobs_line.map(|candidate| candidate.job.definition.job.name.as_str()).collect();
    let locks = candidates.iter().filter_map(|candidate| candidate.locks.as_ref().ok()).flatten();
    let locks: Vec<&str> = locks.map(String::as_str).collect();
    let runs: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id.0).collect();
    guard(transaction, &jobs, &locks, &runs).await
}

/// Decides about a run that is held.
pub(super) async fn decide(
    transaction: &Transaction<'_>,
    candidate: &Candidate,
    cancelled: bool,
    capacities: &Capacities,
) -> Result<Decision, StoreError> {
    // A run that only has to be ended waits for nothing.
    if cancelled {
        return Ok(Decision::Take(Vec::new()));
    }
    let run = candidate.id;
    if candidate.overlap_matters()
        && let Some(reason) = overlap(transaction, candidate).await?
    {
        return wait(transaction, run, &reason).await;
    }
    let names = match &candidate.locks {
        Ok(names) => names,
        Err(failure) => return fail(transaction, candidate, failure).await,
    };
    let locks = match ask(transaction, run, WHOLE_RUN, names, capacities).await? {
        Asked::Granted(locks) => locks,
        Asked::Waiting(reason) => return wait(transaction, run, &reason).await,
        // It holds nothing yet: a run that waits for its end holds what it needs.
        Asked::Circle(failure) => return fail(transaction, candidate, &failure).await,
    };
    // A run that gave way for a step's locks takes them with it. A circle is told by its own step.
    if candidate.steps_have_locks()
        && let Some(asked) =
            transaction.query_opt(include_str!("../sql/lock_asked.sql"), &[&run.0]).await.map_err(database(DOING))?
    {
        let names: Vec<String> = asked.get("names");
        if let Asked::Waiting(reason) = ask(transaction, run, asked.get("step"), &names, capacities).await? {
            return wait(transaction, run, &reason).await;
        }
    }
    if names.iter().any(|name| capacities.of(name) > 1) {
        // There may be room for the next in the queue as well.
        call_next(transaction, run, Some(WHOLE_RUN)).await?;
    }
    Ok(Decision::Take(locks))
}

/// Ends a run that can never start.
async fn fail(transaction: &Transaction<'_>, candidate: &Candidate, failure: &Failure) -> Result<Decision, StoreError> {
    let run = candidate.id;
    if let Some(by_settings) = candidate.told {
        transaction
            .execute(include_str!("../sql/alert_of_queued.sql"), &[&run.0, &by_settings])
            .await
            .map_err(database(DOING))?;
    }
    transaction
        .execute(include_str!("../sql/run_fail_queued.sql"), &[&run.0, &Json(failure)])
        .await
        .map_err(database(DOING))?;
    call_next(transaction, run, None).await?;
    transaction.execute(include_str!("../sql/lock_release.sql"), &[&run.0]).await.map_err(database(DOING))?;
    Wake::Ended(run).notify(transaction).await.map_err(database(DOING))?;
    Wake::Work.notify(transaction).await.map_err(database(DOING))?;
    Ok(Decision::Leave)
}

/// What the run waits for because its job's other runs come first; asks them to end where the job says so.
async fn overlap(transaction: &Transaction<'_>, candidate: &Candidate) -> Result<Option<String>, StoreError> {
    let (run, job) = (candidate.id, &candidate.job.definition.job);
    let name = &job.name;
    let ahead = transaction
        .query_opt(include_str!("../sql/claim_overlap.sql"), &[name, &run.0])
        .await
        .map_err(database(DOING))?;
    let Some(ahead) = ahead else { return Ok(None) };
    let other = RunId(ahead.get("id"));
    if job.overlap == Overlap::Cancel && !candidate.in_order() {
        let asked = transaction
            .execute(include_str!("../sql/run_ask_to_end.sql"), &[&other.0])
            .await
            .map_err(database(DOING))?;
        if asked > 0 {
            Wake::Cancel(other).notify(transaction).await.map_err(database(DOING))?;
            Wake::Work.notify(transaction).await.map_err(database(DOING))?;
        }
    }
    Ok(Some(format!("run {other} of the same job")))
}

async fn wait(transaction: &Transaction<'_>, run: RunId, reason: &str) -> Result<Decision, StoreError> {
    transaction.execute(include_str!("../sql/run_wait.sql"), &[&run.0, &reason]).await.map_err(database(DOING))?;
    Ok(Decision::Leave)
}

//! What people do on pages: each is done in the state database, and noted with who did it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::params;
use crate::store::{Later, NewRun, RunMissed, Store, StoreError, StoredJob};

/// Whom the record of actions names.
pub(super) const ACTOR: &str = "web";

/// Queues a run of a job.
pub(super) async fn trigger(store: &Store, job: &StoredJob, given: BTreeMap<String, String>) -> Result<RunId, Failure> {
    let name = &job.definition.job.name;
    let new = NewRun::manual(name, job.hash.clone(), params::complete(&job.definition.job, given)?);
    let id = store.create_run(&new).await.map_err(failed)?;
    noted(store, "trigger", &format!("{name} {id}")).await?;
    Ok(id)
}

/// Pauses a job. Says whether there is one.
pub(super) async fn pause(store: &Store, job: &str, note: Option<&str>) -> Result<bool, Failure> {
    let there = store.pause_as(job, Some(ACTOR), note).await.map_err(failed)?;
    if there {
        noted(store, "pause", job).await?;
    }
    Ok(there)
}

/// Ends a job's pause. Says how many runs were made for what it had skipped; `None` if there is no such job.
pub(super) async fn resume(store: &Store, job: &str, run_missed: RunMissed) -> Result<Option<usize>, Failure> {
    let runs = store.resume(job, run_missed).await.map_err(failed)?;
    if runs.is_some() {
        noted(store, "resume", job).await?;
    }
    Ok(runs.map(|runs| runs.len()))
}

/// Queues runs for due times of the past. Says how many.
pub(super) async fn backfill(
    store: &Store,
    job: &str,
    due: Vec<DateTime<Utc>>,
    params: BTreeMap<String, String>,
    in_order: bool,
) -> Result<usize, Failure> {
    let made = store.backfill(job, &Later { due, params, in_order }).await.map_err(failed)?;
    noted(store, "backfill", &format!("{job} {} runs", made.len())).await?;
    Ok(made.len())
}

/// Notes an act with who did it.
pub(super) async fn noted(store: &Store, action: &str, subject: &str) -> Result<(), Failure> {
    store.audit(ACTOR, action, subject).await.map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: StoreError) -> Failure {
    error.failure()
}

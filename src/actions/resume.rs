//! The end of a job's pause.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::find;
use super::pause::next_due;
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::store::{Actor, RunMissed, Store};

/// A job that runs on its schedule again.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Resumed {
    /// The job.
    pub job: String,
    /// Always false.
    pub paused: bool,
    /// Runs that were made for due times that the pause had skipped.
    pub runs: Vec<RunId>,
    /// Its next due times.
    pub next_due: Vec<DateTime<Utc>>,
}

/// Ends a job's pause. What was skipped stays skipped, unless `run_missed` says otherwise.
pub async fn resume(
    store: &Store,
    actor: &Actor,
    job: &Job,
    run_missed: RunMissed,
    now: DateTime<Utc>,
) -> Result<Resumed, Failure> {
    let Some(runs) = store.resume(actor, &job.name, run_missed).await? else {
        return Err(find::no_job(store, &job.name).await);
    };
    Ok(Resumed { job: job.name.clone(), paused: false, runs, next_due: next_due(job, now) })
}

//! A job that is not run on its schedule for a while.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::find;
use crate::domain::failure::Failure;
use crate::domain::job::Job;
use crate::store::{Actor, Store};

/// Due times that are shown.
const SHOWN: usize = 3;

/// A job that was paused.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Paused {
    /// The job.
    pub job: String,
    /// Always true.
    pub paused: bool,
    /// Its next due times, which are skipped.
    pub next_due: Vec<DateTime<Utc>>,
}

/// Pauses a job: its firings are recorded as skipped until it is resumed.
pub async fn pause(
    store: &Store,
    actor: &Actor,
    job: &Job,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Paused, Failure> {
    if !store.pause(actor, &job.name, note).await? {
        return Err(find::no_job(store, &job.name).await);
    }
    Ok(Paused { job: job.name.clone(), paused: true, next_due: next_due(job, now) })
}

/// A job's next due times.
pub fn next_due(job: &Job, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    next_due_times(job, now, SHOWN)
}

/// So many of a job's next due times.
pub fn next_due_times(job: &Job, now: DateTime<Utc>, number: usize) -> Vec<DateTime<Utc>> {
    let schedule = job.schedule.as_ref();
    // What can't be read any more is told by whoever plans it.
    schedule.and_then(|schedule| schedule.between(now, DateTime::<Utc>::MAX_UTC, number).ok()).unwrap_or_default()
}

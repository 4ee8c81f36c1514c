//! Finding the job or run that somebody means.

use super::suggest;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::domain::run::Run;
use crate::store::{Store, StoredJob};

/// The run whose id is, or begins with, `text`.
pub async fn run(store: &Store, text: &str) -> Result<Run, Failure> {
    let id = run_id(store, text).await?;
    store.run(id).await?.ok_or_else(|| no_run(text))
}

/// The id that is, or begins with, `text`.
pub async fn run_id(store: &Store, text: &str) -> Result<RunId, Failure> {
    match store.find_runs(text.trim(), 6).await?.as_slice() {
        [] => Err(no_run(text)),
        [only] => Ok(*only),
        several => {
            let listed = several.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let more = if several.len() > 5 { ", …" } else { "" };
            let message = format!("`{text}` is the beginning of several runs");
            Err(not_found(message, format!("give more of the id: {listed}{more}")))
        }
    }
}

/// The job of that name.
pub async fn job(store: &Store, name: &str) -> Result<StoredJob, Failure> {
    match store.job(name).await? {
        Some(stored) => Ok(stored),
        None => Err(no_job(store, name).await),
    }
}

/// That there is no such job, with the nearest name there is.
pub async fn no_job(store: &Store, name: &str) -> Failure {
    match store.jobs().await {
        Ok(jobs) => no_job_among(name, jobs.iter().map(|job| job.name.as_str())),
        Err(error) => error.failure(),
    }
}

/// That there is no such job among these.
pub fn no_job_among<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let otherwise = "`windlass jobs` lists the jobs; a file is named with its path, for example ./nightly.yaml";
    not_found(format!("there is no job `{name}`"), suggest::hint(name, known, otherwise))
}

/// The place of a job's step.
pub fn step(job: &Job, id: &str) -> Result<usize, Failure> {
    job.step_index(id).ok_or_else(|| {
        let ids: Vec<&str> = job.steps.iter().map(|step| step.id.as_str()).collect();
        let otherwise = format!("its steps: {}", ids.join(", "));
        let message = format!("job `{}` has no step `{id}`", job.name);
        not_found(message, suggest::hint(id, ids.iter().copied(), &otherwise))
    })
}

/// That there is no such run.
pub fn no_run(text: &str) -> Failure {
    not_found(format!("there is no run `{text}`"), "`windlass runs` lists runs, newest first")
}

fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::permanent(Code::NotFound, Side::Internal, message).with_hint(hint)
}

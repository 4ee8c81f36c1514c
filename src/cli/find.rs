//! Finding the job or run that the user means.

use super::error::CliError;
use super::suggest;
use crate::domain::code::Code;
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::domain::run::Run;
use crate::store::Store;

/// The run whose id is, or begins with, `text`.
pub(super) async fn run(store: &Store, text: &str) -> Result<Run, CliError> {
    let id = run_id(store, text).await?;
    store.run(id).await?.ok_or_else(|| no_run(text))
}

/// The id that is, or begins with, `text`.
pub(super) async fn run_id(store: &Store, text: &str) -> Result<RunId, CliError> {
    match store.find_runs(text.trim(), 6).await?.as_slice() {
        [] => Err(no_run(text)),
        [only] => Ok(*only),
        several => {
            let listed = several.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let more = if several.len() > 5 { ", …" } else { "" };
            Err(CliError::input(
                Code::NotFound,
                format!("`{text}` is the beginning of several runs"),
                format!("give more of the id: {listed}{more}"),
            ))
        }
    }
}

/// That there is no such job, with the nearest name there is.
pub(super) async fn no_job(store: &Store, name: &str) -> CliError {
    match store.jobs().await {
        Ok(jobs) => no_job_among(name, jobs.iter().map(|job| job.name.as_str())),
        Err(error) => error.into(),
    }
}

/// That there is no such job among these.
pub(super) fn no_job_among<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    let otherwise = "`windlass jobs` lists the jobs; a file is named with its path, for example ./nightly.yaml";
    CliError::input(Code::NotFound, format!("there is no job `{name}`"), suggest::hint(name, known, otherwise))
}

/// The place of a job's step.
pub(super) fn step(job: &Job, id: &str) -> Result<usize, CliError> {
    job.step_index(id).ok_or_else(|| {
        let ids: Vec<&str> = job.steps.iter().map(|step| step.id.as_str()).collect();
        let otherwise = format!("its steps: {}", ids.join(", "));
        let message = format!("job `{}` has no step `{id}`", job.name);
        CliError::input(Code::NotFound, message, suggest::hint(id, ids.iter().copied(), &otherwise))
    })
}

fn no_run(text: &str) -> CliError {
    CliError::input(Code::NotFound, format!("there is no run `{text}`"), "`windlass runs` lists runs, newest first")
}

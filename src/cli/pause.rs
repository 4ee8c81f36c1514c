//! `windlass pause`.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::{Opened, with_state};
use super::schedule_arguments::PauseArguments;
use super::{ask, clock, find, format, output};
use crate::domain::job::Job;
use crate::domain::state::RunState;
use crate::store::RunFilter;

/// Due times that are shown.
const SHOWN: usize = 3;

/// Pauses a job: its firings are recorded as skipped until it is resumed.
pub(super) async fn run(arguments: &PauseArguments, global: &Global) -> Result<Exit, CliError> {
    let name = &arguments.job;
    with_state(global, async |opened| {
        let job = known(opened, name).await?;
        let due = next_due(&job);
        if !global.json {
            preview(&job, &due)?;
            let open = [RunState::Queued, RunState::Waiting, RunState::Running].to_vec();
            let filter = RunFilter { job: Some(name.clone()), states: open, limit: 1000, ..RunFilter::default() };
            match opened.store.runs(&filter).await?.len() {
                0 => {}
                1 => output::line("A run of it isn't over yet; it goes on.")?,
                several => output::line(format!("{several} runs of it aren't over yet; they go on."))?,
            }
        }
        ask::confirm(&format!("Pause {name}?"), arguments.yes, global)?;
        if !opened.store.pause(name).await? {
            return Err(find::no_job(&opened.store, name).await);
        }
        opened.audit("pause", name).await?;
        if global.json {
            output::json(&json!({"job": name, "paused": true, "next_due": due}))?;
        } else {
            output::line(format!("Job {name} is paused."))?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn preview(job: &Job, due: &[DateTime<Utc>]) -> Result<(), CliError> {
    if due.is_empty() {
        return output::line(format!("Job {} has no due times ahead; a pause changes nothing by itself.", job.name));
    }
    output::line(format!("Until job {} is resumed, its due times are recorded as skipped. The next:", job.name))?;
    due.iter().try_for_each(|due| output::line(format!("  {}", format::local_time(*due, job.zone()))))
}

/// The job of that name.
pub(super) async fn known(opened: &Opened, name: &str) -> Result<Job, CliError> {
    match opened.store.job(name).await? {
        Some(stored) => Ok(stored.definition.job),
        None => Err(find::no_job(&opened.store, name).await),
    }
}

/// A job's next due times.
pub(super) fn next_due(job: &Job) -> Vec<DateTime<Utc>> {
    let schedule = job.schedule.as_ref();
    // What can't be read any more is told by whoever plans it.
    schedule
        .and_then(|schedule| schedule.between(clock::now(), DateTime::<Utc>::MAX_UTC, SHOWN).ok())
        .unwrap_or_default()
}

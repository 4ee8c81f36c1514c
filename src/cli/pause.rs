//! `windlass pause`.

use chrono::{DateTime, Utc};

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::schedule_arguments::PauseArguments;
use super::{ask, clock, find, format, output};
use crate::actions::pause::{next_due, pause};
use crate::domain::job::Job;
use crate::domain::state::RunState;
use crate::store::RunFilter;

/// Pauses a job: its firings are recorded as skipped until it is resumed.
pub(super) async fn run(arguments: &PauseArguments, global: &Global) -> Result<Exit, CliError> {
    let name = &arguments.job;
    with_state(global, async |opened| {
        let job = find::job(&opened.store, name).await?.definition.job;
        let due = next_due(&job, clock::now());
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
        let paused = pause(&opened.store, &opened.actor(), &job, arguments.note.as_deref(), clock::now()).await?;
        if global.json {
            output::json(&paused)?;
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

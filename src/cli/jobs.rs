//! `windlass jobs`.

use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::watch::{WatchArguments, watched};
use super::{format, output, table};
use crate::domain::schedule::{Schedule, When};
use crate::store::{JobRow, Store};

/// Lists jobs.
pub(super) async fn run(watch: &WatchArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| watched(watch, async || list(&opened.store, global).await).await).await
}

async fn list(store: &Store, global: &Global) -> Result<Exit, CliError> {
    let jobs = store.jobs().await?;
    if global.json {
        output::json(&jobs)?;
    } else if jobs.is_empty() {
        output::line("No jobs are loaded yet: `windlass serve` loads the jobs_dir, `windlass run FILE` runs one.")?;
    } else {
        output::table(&listed(&jobs))?;
        for job in &jobs {
            if let (Some(since), Some(problem)) = (job.broken_at, &job.problem) {
                let since = format::time(since);
                output::line(format!(
                    "{}: its file is broken since {since}, the last good version is run: {problem}",
                    job.name
                ))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn listed(jobs: &[JobRow]) -> comfy_table::Table {
    let mut table = table::new(&["JOB", "SCHEDULE", "NEXT DUE", "LAST RUN", "STATE", "DESCRIPTION"]);
    for job in jobs {
        let next = match (&job.schedule, job.paused_at) {
            (_, Some(_)) => "paused".to_owned(),
            (Some(schedule), None) => {
                format::or_dash(schedule.next_after(job.planned_through).ok().flatten(), format::time)
            }
            (None, None) => "-".to_owned(),
        };
        table.add_row([
            Cell::new(&job.name),
            Cell::new(format::or_dash(job.schedule.as_ref(), schedule_in_words)),
            table::state(&next),
            Cell::new(format::or_dash(job.last_run_at, format::time)),
            table::state(&format::or_dash(job.last_state.clone(), |state| state)),
            Cell::new(job.description.as_deref().unwrap_or("")),
        ]);
    }
    table
}

/// A schedule as it is written, with its zone.
pub(super) fn schedule_in_words(schedule: &Schedule) -> String {
    match &schedule.when {
        When::Cron(expression) => format!("{expression} ({})", schedule.zone),
        When::Every(pause) => format!("every {}", humantime::format_duration(*pause)),
    }
}

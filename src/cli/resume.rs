//! `windlass resume`.

use chrono::{DateTime, Utc};

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::schedule_arguments::ResumeArguments;
use super::{ask, clock, find, format, output};
use crate::actions::pause::next_due;
use crate::actions::resume::resume;
use crate::domain::job::Job;
use crate::store::RunMissed;

/// Ends a job's pause. What was skipped stays skipped, unless `--run-missed` says otherwise.
pub(super) async fn run(arguments: &ResumeArguments, global: &Global) -> Result<Exit, CliError> {
    let name = &arguments.job;
    let run_missed = RunMissed::from(arguments.run_missed);
    with_state(global, async |opened| {
        let job = find::job(&opened.store, name).await?.definition.job;
        let due = next_due(&job, clock::now());
        if !global.json {
            preview(&job, &opened.store.skipped_by_pause(name).await?, run_missed, &due)?;
        }
        ask::confirm(&format!("Resume {name}?"), arguments.yes, global)?;
        let resumed = resume(&opened.store, &opened.actor(), &job, run_missed, clock::now()).await?;
        if global.json {
            output::json(&resumed)?;
            return Ok(Exit::Done);
        }
        let made = match resumed.runs.len() {
            0 => String::new(),
            1 => " 1 run is queued.".to_owned(),
            several => format!(" {several} runs are queued, one after the other."),
        };
        output::line(format!("Job {name} runs on its schedule again.{made}"))?;
        Ok(Exit::Done)
    })
    .await
}

fn preview(job: &Job, skipped: &[DateTime<Utc>], run_missed: RunMissed, due: &[DateTime<Utc>]) -> Result<(), CliError> {
    let local = |time: DateTime<Utc>| format::local_time(time, job.zone());
    let fate = match (run_missed, skipped.last()) {
        (_, None) => "Its pause has skipped no due time so far.".to_owned(),
        (RunMissed::None, Some(newest)) => {
            format!("Its pause has skipped {}, the newest of {}; they stay skipped.", times(skipped), local(*newest))
        }
        (RunMissed::Latest, Some(newest)) => {
            format!("Its pause has skipped {}; the newest, of {}, runs now.", times(skipped), local(*newest))
        }
        (RunMissed::All, Some(newest)) => {
            let oldest = skipped.first().copied().unwrap_or(*newest);
            format!(
                "Its pause has skipped {}; all run now, from {} to {}.",
                times(skipped),
                local(oldest),
                local(*newest)
            )
        }
    };
    output::line(fate)?;
    match due.first() {
        Some(next) => output::line(format!("Due next: {}", local(*next))),
        None => output::line("It has no due times ahead."),
    }
}

/// How many due times.
fn times(skipped: &[DateTime<Utc>]) -> String {
    if skipped.len() == 1 { "1 due time".to_owned() } else { format!("{} due times", skipped.len()) }
}

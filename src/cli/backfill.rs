//! `windlass backfill`: runs for due times of the past that did not run.

use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::schedule_arguments::BackfillArguments;
use super::{ask, clock, find, format, output, params, table};
use crate::actions::backfill::{Past, Stretch, past, preview, queue};
use crate::actions::firings::words;
use crate::domain::job::Job;

/// Queues runs for due times that did not run.
pub(super) async fn run(arguments: &BackfillArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    with_state(global, async |opened| {
        let job = find::job(&opened.store, &arguments.job).await?.definition.job;
        let params = crate::domain::params::complete(&job, given)?;
        let stretch = Stretch {
            from: &arguments.from,
            to: arguments.to.as_deref(),
            limit: arguments.limit,
            reverse: arguments.reverse,
            dry_run: arguments.dry_run,
        };
        let past = past(&opened.store, &job, &stretch, clock::now()).await?;
        if !global.json {
            show(&job, &past, arguments)?;
        }
        if arguments.dry_run || past.left.is_empty() {
            if global.json {
                output::json(&preview(&job, &past))?;
            }
            return Ok(Exit::Done);
        }
        ask::confirm(&format!("Queue {} of {}?", runs(past.left.len()), job.name), arguments.yes, global)?;
        let made = queue(&opened.store, &opened.actor(), &job, &past, params, !arguments.parallel).await?;
        if global.json {
            output::json(&made)?;
        } else {
            let number = made.runs.iter().filter(|made| made.run.is_some()).count();
            output::line(format!("Queued {}: windlass runs --job {}", runs(number), job.name))?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn show(job: &Job, past: &Past, arguments: &BackfillArguments) -> Result<(), CliError> {
    let ran = past.ran;
    if past.left.is_empty() {
        return output::line(format!(
            "Nothing to run: of the due times in this stretch {ran} ran, and no other is left."
        ));
    }
    let mut table = table::new(&["DUE", "SO FAR", "WHY"]);
    for left in &past.left {
        let known = left.known.as_ref();
        table.add_row([
            Cell::new(format::local_time(left.due, job.zone())),
            Cell::new(known.map_or("not in the ledger", |row| row.state.as_str())),
            Cell::new(known.and_then(|row| row.reason.as_deref()).map_or("", words)),
        ]);
    }
    output::table(&table)?;
    let how = if arguments.parallel { "side by side" } else { "one after the other" };
    let others = if ran > 0 { format!("; {ran} others in this stretch ran") } else { String::new() };
    output::line(format!("{} of {}, {how}{others}.", runs(past.left.len()), job.name))
}

fn runs(number: usize) -> String {
    if number == 1 { "1 run".to_owned() } else { format!("{number} runs") }
}

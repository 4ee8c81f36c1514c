//! `windlass backfill`: runs for due times of the past that did not run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::Cell;
use serde_json::json;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::moment::{self, Edge};
use super::opened::{Opened, with_state};
use super::pause::known;
use super::schedule_arguments::BackfillArguments;
use super::{ask, clock, firings, format, output, params, table};
use crate::domain::code::Code;
use crate::domain::failure::Failure;
use crate::domain::job::Job;
use crate::domain::state::FiringState;
use crate::store::{FiringFilter, FiringRow, Later};

/// Runs that are made without being told how many. More is a mistake more often than a wish.
const WITHOUT_LIMIT: usize = 1000;

/// Due times that are looked at. A job that is due each second has as many in eleven days.
const LOOKED_AT: usize = 1_000_000;

/// A due time of the past, and what the ledger says of it.
struct Past {
    due: DateTime<Utc>,
    known: Option<FiringRow>,
}

/// Queues runs for due times that did not run.
pub(super) async fn run(arguments: &BackfillArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    with_state(global, async |opened| {
        let job = known(opened, &arguments.job).await?;
        let params = crate::domain::params::complete(&job, given)?;
        let (ran, past) = past(opened, &job, arguments).await?;
        if !global.json {
            show(&job, ran, &past, arguments)?;
        }
        let due: Vec<DateTime<Utc>> = past.iter().map(|past| past.due).collect();
        if arguments.dry_run || due.is_empty() {
            return told(&job, ran, &due, None, global);
        }
        ask::confirm(&format!("Queue {} of {}?", runs(due.len()), job.name), arguments.yes, global)?;
        let later = Later { due: due.clone(), params, in_order: !arguments.parallel };
        let made = opened.store.backfill(&job.name, &later).await?;
        opened.audit("backfill", &format!("{} {}", job.name, runs(made.len()))).await?;
        told(&job, ran, &due, Some(made.into_iter().collect()), global)
    })
    .await
}

/// How many due times of the stretch have run, and those that haven't, in the order in which they are to run.
async fn past(opened: &Opened, job: &Job, arguments: &BackfillArguments) -> Result<(usize, Vec<Past>), CliError> {
    let Some(schedule) = &job.schedule else {
        let message = format!("job `{}` has no schedule, so nothing was ever due", job.name);
        return Err(CliError::input(Code::Parameter, message, format!("`windlass trigger {}` runs it", job.name)));
    };
    let from = moment::parse(&arguments.from, job.zone(), Edge::From)?;
    let to = arguments.to.as_ref().map(|text| moment::parse(text, job.zone(), Edge::To)).transpose()?;
    let now = clock::now();
    let to = to.unwrap_or(now).min(now);
    let due = schedule
        .between(from - TimeDelta::microseconds(1), to, LOOKED_AT + 1)
        .map_err(|error| Failure::bug(error.to_string()))?;
    if due.len() > LOOKED_AT {
        let message = format!("there are more than {} due times in this stretch", format::count(LOOKED_AT as u64));
        return Err(CliError::input(Code::Parameter, message, "give a shorter one"));
    }
    let filter = FiringFilter { since: Some(from), until: Some(to), limit: 0 };
    let rows = opened.store.firings(&job.name, filter).await?;
    let mut rows: BTreeMap<DateTime<Utc>, FiringRow> = rows.into_iter().map(|row| (row.scheduled_for, row)).collect();
    let all = due.len();
    let mut past: Vec<Past> = due.into_iter().map(|due| Past { due, known: rows.remove(&due) }).collect();
    past.retain(|past| past.known.as_ref().is_none_or(|row| row.state != FiringState::Ran.label()));
    let ran = all - past.len();
    if arguments.reverse {
        past.reverse();
    }
    match arguments.limit {
        Some(limit) => past.truncate(limit),
        None if past.len() > WITHOUT_LIMIT && !arguments.dry_run => {
            let message = format!("these would be {}", runs(past.len()));
            return Err(CliError::input(
                Code::Parameter,
                message,
                "say how many with --limit, or give a shorter stretch",
            ));
        }
        None => {}
    }
    Ok((ran, past))
}

fn show(job: &Job, ran: usize, past: &[Past], arguments: &BackfillArguments) -> Result<(), CliError> {
    if past.is_empty() {
        return output::line(format!(
            "Nothing to run: of the due times in this stretch {ran} ran, and no other is left."
        ));
    }
    let mut table = table::new(&["DUE", "SO FAR", "WHY"]);
    for past in past {
        let known = past.known.as_ref();
        table.add_row([
            Cell::new(format::local_time(past.due, job.zone())),
            Cell::new(known.map_or("not in the ledger", |row| row.state.as_str())),
            Cell::new(known.and_then(|row| row.reason.as_deref()).map_or("", firings::words)),
        ]);
    }
    output::table(&table)?;
    let how = if arguments.parallel { "side by side" } else { "one after the other" };
    let others = if ran > 0 { format!("; {ran} others in this stretch ran") } else { String::new() };
    output::line(format!("{} of {}, {how}{others}.", runs(past.len()), job.name))
}

/// Says what was done, or would be.
fn told(
    job: &Job,
    ran: usize,
    due: &[DateTime<Utc>],
    made: Option<BTreeMap<DateTime<Utc>, crate::domain::ids::RunId>>,
    global: &Global,
) -> Result<Exit, CliError> {
    if global.json {
        let run =
            |due: &DateTime<Utc>| json!({"scheduled_for": due, "run": made.as_ref().and_then(|made| made.get(due))});
        let runs: Vec<_> = due.iter().map(run).collect();
        output::json(&json!({"job": job.name, "ran_before": ran, "dry_run": made.is_none(), "runs": runs}))?;
    } else if let Some(made) = made {
        output::line(format!("Queued {}: windlass runs --job {}", runs(made.len()), job.name))?;
    }
    Ok(Exit::Done)
}

fn runs(number: usize) -> String {
    if number == 1 { "1 run".to_owned() } else { format!("{number} runs") }
}

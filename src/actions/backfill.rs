//! Runs for due times of the past that did not run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::moment::{self, Edge};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::domain::state::FiringState;
use crate::store::{Actor, FiringFilter, FiringRow, Later, Store};

/// Runs that are made without being told how many. More is a mistake more often than a wish.
const WITHOUT_LIMIT: usize = 1000;

/// Due times that are looked at. A job that is due each second has as many in eleven days.
const LOOKED_AT: usize = 1_000_000;

/// A stretch of the past, and which of its due times are to run.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// Due at this time or later, as people write times.
    pub from: &'a str,
    /// Due at this time or earlier; `None`: until now.
    pub to: Option<&'a str>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Newest first.
    pub reverse: bool,
    /// Only look.
    pub dry_run: bool,
}

/// What a stretch of the past has.
pub struct Past {
    /// How many of its due times have run.
    pub ran: usize,
    /// Those that haven't, in the order in which they are to run.
    pub left: Vec<Left>,
}

/// A due time of the past, and what the ledger says of it.
pub struct Left {
    /// The due time.
    pub due: DateTime<Utc>,
    /// Its firing, where it is in the ledger.
    pub known: Option<FiringRow>,
}

/// What was made, or would be.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Backfilled {
    /// The job.
    pub job: String,
    /// How many due times of the stretch had run before.
    pub ran_before: usize,
    /// Whether nothing was made.
    pub dry_run: bool,
    /// The due times and their runs.
    pub runs: Vec<BackfilledRun>,
}

/// A due time with its run.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct BackfilledRun {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// Its run; null where none was made.
    pub run: Option<RunId>,
}

/// Looks at a stretch of a job's past.
pub async fn past(store: &Store, job: &Job, stretch: &Stretch<'_>, now: DateTime<Utc>) -> Result<Past, Failure> {
    let Some(schedule) = &job.schedule else {
        let message = format!("job `{}` has no schedule, so nothing was ever due", job.name);
        return Err(wrong(message, format!("`windlass trigger {}` runs it", job.name)));
    };
    let from = moment::parse(stretch.from, job.zone(), Edge::From)?;
    let to = stretch.to.map(|text| moment::parse(text, job.zone(), Edge::To)).transpose()?;
    let to = to.unwrap_or(now).min(now);
    let due = schedule
        .between(from - TimeDelta::microseconds(1), to, LOOKED_AT + 1)
        .map_err(|error| Failure::bug(error.to_string()))?;
    if due.len() > LOOKED_AT {
        return Err(wrong("there are more than 1 000 000 due times in this stretch", "give a shorter one"));
    }
    let filter = FiringFilter { since: Some(from), until: Some(to), limit: 0 };
    let rows = store.firings(&job.name, filter).await?;
    let mut rows: BTreeMap<DateTime<Utc>, FiringRow> = rows.into_iter().map(|row| (row.scheduled_for, row)).collect();
    let all = due.len();
    let mut left: Vec<Left> = due.into_iter().map(|due| Left { due, known: rows.remove(&due) }).collect();
    left.retain(|left| left.known.as_ref().is_none_or(|row| row.state != FiringState::Ran.label()));
    let ran = all - left.len();
    if stretch.reverse {
        left.reverse();
    }
    match stretch.limit {
        Some(limit) => left.truncate(limit),
        None if left.len() > WITHOUT_LIMIT && !stretch.dry_run => {
            let hint = "say how many with --limit, or give a shorter stretch";
            return Err(wrong(format!("these would be {} runs", left.len()), hint));
        }
        None => {}
    }
    Ok(Past { ran, left })
}

/// Queues runs for what is left of a job's past.
pub async fn queue(
    store: &Store,
    actor: &Actor,
    job: &Job,
    past: &Past,
    params: BTreeMap<String, String>,
    in_order: bool,
) -> Result<Backfilled, Failure> {
    let due: Vec<DateTime<Utc>> = past.left.iter().map(|left| left.due).collect();
    let made = store.backfill(actor, &job.name, &Later { due, params, in_order }).await?;
    let made: BTreeMap<DateTime<Utc>, RunId> = made.into_iter().collect();
    Ok(told(job, past, Some(&made)))
}

/// What would be queued.
pub fn preview(job: &Job, past: &Past) -> Backfilled {
    told(job, past, None)
}

fn told(job: &Job, past: &Past, made: Option<&BTreeMap<DateTime<Utc>, RunId>>) -> Backfilled {
    let run = |left: &Left| BackfilledRun {
        scheduled_for: left.due,
        run: made.and_then(|made| made.get(&left.due).copied()),
    };
    let runs = past.left.iter().map(run).collect();
    Backfilled { job: job.name.clone(), ran_before: past.ran, dry_run: made.is_none(), runs }
}

fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::permanent(Code::Parameter, Side::Internal, message).with_hint(hint)
}

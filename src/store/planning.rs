//! From due times to the ledger: many jobs in one transaction, every due time a row before its run exists.
//!
//! What is due next stands beside each job, so that a look at all of them reads a name and a time each. The jobs that are
//! planned are held while that is done: several daemons that notice the same firing come one after the other, and
//! whoever is later finds nothing left to enter.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::connection::Transaction;
use super::error::StoreError;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::firing::{Decision, Reason, Situation, settle};
use crate::domain::job::{Overlap, Param};
use crate::domain::params;
use crate::domain::schedule::{Schedule, ScheduleError};
use crate::domain::state::FiringState;

/// Due times entered in one transaction, all jobs together: few enough for a call's deadline, also on a slow disk.
const FIRINGS: usize = 1000;

/// Due times of one job entered in one transaction; more are left to the next, so that a job that was off for a year
/// can't hold a transaction for minutes.
const FIRINGS_OF_A_JOB: usize = 200;

/// A ledger that is further ahead of the clock than this was written by a clock that has been set back since. Less is
/// two transactions that crossed.
const CLOCK_WAS_SET: TimeDelta = TimeDelta::minutes(1);

/// The next due time of a job that is never due again.
const NEVER: DateTime<Utc> = match DateTime::from_timestamp(253_402_214_400, 0) {
    Some(end_of_9999) => end_of_9999,
    None => DateTime::UNIX_EPOCH,
};

const DOING: &str = "planning firings";

/// A job and when it is due next.
#[derive(Clone, Debug)]
pub struct Upcoming {
    /// The job.
    pub job: String,
    /// Whether it has a schedule by which it will ever be due again.
    pub scheduled: bool,
    /// The first due time that is not in the ledger; `None`: to be found out by planning.
    pub next: Option<DateTime<Utc>>,
}

/// What planning jobs came to.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The database's clock by which it was decided; `None` if there was nothing to decide.
    pub now: Option<DateTime<Utc>>,
    /// The jobs. One that was retired meanwhile, or lost its schedule, is not among them.
    pub jobs: Vec<PlannedJob>,
    /// Jobs whose schedule can't be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// What planning a job came to.
#[derive(Clone, Debug)]
pub struct PlannedJob {
    /// The job.
    pub job: String,
    /// Firings that this call entered.
    pub firings: Vec<Decision>,
    /// The first due time that is not in the ledger; `None` for a job that is never due again.
    pub next: Option<DateTime<Utc>>,
}

impl Store {
    /// All jobs that are not retired with when they are due next, and the database's clock.
    pub async fn upcoming(&self) -> Result<(Vec<Upcoming>, Option<DateTime<Utc>>), StoreError> {
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("sql/job_upcoming.sql"), &[&CLOCK_WAS_SET.as_seconds_f64()])
                .await
                .map_err(database(DOING))?;
            let read = |row: &Row| {
                let next: Option<DateTime<Utc>> = row.get("next_due");
                let scheduled = row.get::<_, bool>("scheduled") && next != Some(NEVER);
                Upcoming { job: row.get("name"), scheduled, next }
            };
            Ok((rows.iter().map(read).collect(), rows.first().map(|row| row.get("now"))))
        })
        .await
    }

    /// Enters the due times of these jobs up to now into the ledger and makes runs for those that get one. Several daemons
    /// may do this at once. `at` is for tests: what the clock says instead of the database's.
    pub async fn plan_jobs(&self, names: &[String], at: Option<DateTime<Utc>>) -> Result<Planned, StoreError> {
        self.transaction(DOING, async |transaction| plan(transaction, names, at, None).await).await
    }
}

/// A job that is being planned.
struct Planning {
    job: String,
    overlap: Overlap,
    params: Json<BTreeMap<String, String>>,
    decisions: Vec<Decision>,
    /// Up to here all due times are decided about.
    through: DateTime<Utc>,
    next: Option<DateTime<Utc>>,
    /// Whether there is anything to note about it: of several daemons that look, one writes.
    news: bool,
}

/// Plans jobs. `ending` says that their schedules end with this transaction, and why.
pub(super) async fn plan(
    transaction: &Transaction<'_>,
    names: &[String],
    at: Option<DateTime<Utc>>,
    ending: Option<Reason>,
) -> Result<Planned, StoreError> {
    let rows =
        transaction.query(include_str!("sql/job_plan_from.sql"), &[&names, &at]).await.map_err(database(DOING))?;
    let limit = (FIRINGS / rows.len().max(1)).clamp(1, FIRINGS_OF_A_JOB);
    let mut planned = Planned { now: rows.first().map(|row| row.get("now")), ..Planned::default() };
    let mut jobs = Vec::new();
    for row in &rows {
        match decide(row, limit, ending) {
            Ok(job) => jobs.push(job),
            Err(why) => planned.unreadable.push((row.get("name"), why)),
        }
    }
    let Some(now) = planned.now else { return Ok(planned) };
    skip_overlapping(transaction, &mut jobs).await?;
    let entered = enter(transaction, &jobs, now).await?;
    note(transaction, &jobs).await?;
    let is_new = |job: &str, decision: &Decision| entered.contains(&(job.to_owned(), decision.scheduled_for));
    for Planning { job, mut decisions, next, .. } in jobs {
        decisions.retain(|decision| is_new(&job, decision));
        planned.jobs.push(PlannedJob { job, firings: decisions, next });
    }
    if planned.jobs.iter().any(|job| job.firings.iter().any(|firing| firing.state == FiringState::Ran)) {
        Wake::Work.notify(transaction).await.map_err(database(DOING))?;
    }
    Ok(planned)
}

/// Notes how far the ledger of these jobs goes now.
async fn note(transaction: &Transaction<'_>, jobs: &[Planning]) -> Result<(), StoreError> {
    let jobs: Vec<&Planning> = jobs.iter().filter(|job| job.news).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = jobs.iter().map(|job| job.job.as_str()).collect();
    let through: Vec<DateTime<Utc>> = jobs.iter().map(|job| job.through).collect();
    let next: Vec<DateTime<Utc>> = jobs.iter().map(|job| job.next.unwrap_or(NEVER)).collect();
    let noted = transaction.execute(include_str!("sql/job_planned.sql"), &[&names, &through, &next]).await;
    noted.map(drop).map_err(database(DOING))
}

/// What becomes of a job's due times up to now, without a look at its runs.
fn decide(row: &Row, limit: usize, ending: Option<Reason>) -> Result<Planning, String> {
    let unreadable = |error: tokio_postgres::Error| crate::postgres::PgError::new(DOING, &error).message;
    let Json(schedule) = row.try_get::<_, Json<Schedule>>("schedule").map_err(unreadable)?;
    let Json(overlap) = row.try_get::<_, Json<Overlap>>("overlap").map_err(unreadable)?;
    let params = row.try_get::<_, Option<Json<Vec<Param>>>>("params").map_err(unreadable)?;
    let params = Json(params::defaults(params.map(|Json(params)| params).unwrap_or_default()));
    let (now, before): (DateTime<Utc>, DateTime<Utc>) = (row.get("now"), row.get("planned_through"));
    let wrong = |error: ScheduleError| error.to_string();
    let reading = schedule.read().map_err(wrong)?;
    let mut due = reading.occurrences(before, now, limit + 1);
    let more = due.len() > limit;
    due.truncate(limit);
    let through = match due.last() {
        Some(last) if more => last.at,
        // The clock was set back: from here it runs again, past due times that the ledger knows.
        _ if before - now > CLOCK_WAS_SET => now,
        _ => now.max(before),
    };
    let next = reading.next_occurrence(through);
    let situation = Situation { schedule: &schedule, now, more, paused_at: row.get("paused_at"), ending };
    let decisions = settle(&due, &situation);
    let known: Option<DateTime<Utc>> = row.get("next_due");
    let news = !decisions.is_empty() || known != Some(next.unwrap_or(NEVER)) || through < before;
    Ok(Planning { job: row.get("name"), overlap, params, decisions, through, next, news })
}

/// Decides `overlap: skip`, with all runs that are there already and those that are about to be made.
async fn skip_overlapping(transaction: &Transaction<'_>, jobs: &mut [Planning]) -> Result<(), StoreError> {
    let runs = |decision: &Decision| decision.state == FiringState::Ran;
    let asked: Vec<&str> = jobs
        .iter()
        .filter(|job| job.overlap == Overlap::Skip && job.decisions.iter().any(runs))
        .map(|job| job.job.as_str())
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let rows = transaction.query(include_str!("sql/run_open_of_job.sql"), &[&asked]).await.map_err(database(DOING))?;
    let open: BTreeSet<String> = rows.iter().map(|row| row.get("job")).collect();
    for job in jobs.iter_mut().filter(|job| job.overlap == Overlap::Skip) {
        // The first that runs is in the way of those after it.
        let free = usize::from(!open.contains(&job.job));
        for decision in job.decisions.iter_mut().filter(|decision| runs(decision)).skip(free) {
            decision.state = FiringState::Skipped;
            decision.reason = Some(Reason::Overlap);
        }
    }
    Ok(())
}

/// Enters firings with their runs, oldest first. Returns those that weren't there before.
async fn enter(
    transaction: &Transaction<'_>,
    jobs: &[Planning],
    now: DateTime<Utc>,
) -> Result<BTreeSet<(String, DateTime<Utc>)>, StoreError> {
    let mut due: Vec<(&str, &Decision)> =
        jobs.iter().flat_map(|job| job.decisions.iter().map(|decision| (job.job.as_str(), decision))).collect();
    if due.is_empty() {
        return Ok(BTreeSet::new());
    }
    due.sort_by_key(|(job, decision)| (decision.scheduled_for, *job));
    // Ids grow with the order in which they are made, and stand for it in the queue.
    let run = |decision: &Decision| (decision.state == FiringState::Ran).then(uuid::Uuid::now_v7);
    let runs: Vec<Option<uuid::Uuid>> = due.iter().map(|(_, decision)| run(decision)).collect();
    let names: Vec<&str> = due.iter().map(|(job, _)| *job).collect();
    let times: Vec<DateTime<Utc>> = due.iter().map(|(_, decision)| decision.scheduled_for).collect();
    let states: Vec<&str> = due.iter().map(|(_, decision)| decision.state.label()).collect();
    let reasons: Vec<Option<&str>> = due.iter().map(|(_, decision)| decision.reason.map(Reason::label)).collect();
    let (planned, params): (Vec<&str>, Vec<_>) = jobs.iter().map(|job| (job.job.as_str(), &job.params)).unzip();
    let rows = transaction
        .query(
            include_str!("sql/firing_enter.sql"),
            &[&names, &times, &states, &reasons, &runs, &now, &planned, &params],
        )
        .await
        .map_err(database(DOING))?;
    Ok(rows.iter().map(|row| (row.get("job"), row.get("scheduled_for"))).collect())
}

//! The ledger of firings: every due time becomes a row before a run exists, unique on job and time.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database, unreadable};
use super::wake::Wake;
use crate::domain::firing::{Decision, settle};
use crate::domain::ids::RunId;
use crate::domain::job::{Job, Overlap};
use crate::domain::schedule::Schedule;
use crate::domain::state::FiringState;

/// Due times entered in one transaction; more are left to the next, so that a job that was off for a year can't hold
/// a transaction for minutes. Two statements each must fit into a call's deadline, also with a database some
/// milliseconds away.
const BATCH: usize = 100;

/// A job's schedule as the planner needs it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The job.
    pub job: String,
    /// Its schedule.
    pub schedule: Schedule,
    /// Due times up to here are in the ledger.
    pub through: DateTime<Utc>,
}

/// What entering a job's due times came to.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// Firings that this call entered, with how late each was noticed by the database's clock.
    pub firings: Vec<(Decision, TimeDelta)>,
    /// The first due time that is not in the ledger; `None` for a job that is never due again.
    pub next: Option<DateTime<Utc>>,
}

/// A firing as a list shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FiringRow {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// What became of it.
    pub state: String,
    /// Why it got no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

const DOING: &str = "planning firings";

impl Store {
    /// Schedules of all jobs that are neither retired nor without one.
    pub async fn planned(&self) -> Result<Vec<Planned>, StoreError> {
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/job_planned.sql"), &[]).await.map_err(database(DOING))?;
            Ok(rows
                .iter()
                .map(|row| Planned {
                    job: row.get("name"),
                    schedule: row.get::<_, Json<Schedule>>("schedule").0,
                    through: row.get("planned_through"),
                })
                .collect())
        })
        .await
    }

    /// Enters a job's due times up to now into the ledger and makes runs for those that get one. Several
    /// daemons may do this at once.
    pub async fn plan_job(&self, name: &str) -> Result<Entered, StoreError> {
        self.transaction(DOING, async |transaction| {
            let row = transaction
                .query_opt(include_str!("sql/job_plan_from.sql"), &[&name])
                .await
                .map_err(database(DOING))?;
            let Some(row) = row else { return Ok(Entered::default()) };
            let now: DateTime<Utc> = row.get("now");
            let job: Job =
                serde_json::from_value(row.get("resolved")).map_err(|error| unreadable(DOING)(error.to_string()))?;
            let Some(schedule) = &job.schedule else { return Ok(Entered::default()) };
            let mut due = schedule
                .between(row.get("planned_through"), now, BATCH + 1)
                .map_err(|error| unreadable(DOING)(error.to_string()))?;
            let more = due.len() > BATCH;
            due.truncate(BATCH);
            let through = if more { due.last().copied().unwrap_or(now) } else { now };
            let next = schedule.next_after(through).map_err(|error| unreadable(DOING)(error.to_string()))?;
            let decisions = settle(&due, more, now, schedule, row.get("paused"));
            transaction.execute(include_str!("sql/job_guard.sql"), &[&name]).await.map_err(database(DOING))?;
            let mut firings = Vec::new();
            for mut decision in decisions {
                if enter(transaction, &job, row.get("definition"), &mut decision).await? {
                    let late = now - decision.scheduled_for;
                    firings.push((decision, late));
                }
            }
            transaction
                .execute(include_str!("sql/job_planned_through.sql"), &[&name, &through])
                .await
                .map_err(database(DOING))?;
            if firings.iter().any(|(decision, _)| decision.state == FiringState::Ran) {
                Wake::Work.notify(transaction).await.map_err(database(DOING))?;
            }
            Ok(Entered { firings, next })
        })
        .await
    }

    /// A job's newest firings.
    pub async fn firings(&self, job: &str, limit: u32) -> Result<Vec<FiringRow>, StoreError> {
        const DOING: &str = "reading firings";
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("sql/firing_list.sql"), &[&job, &i64::from(limit)])
                .await
                .map_err(database(DOING))?;
            Ok(rows
                .iter()
                .map(|row| FiringRow {
                    scheduled_for: row.get("scheduled_for"),
                    state: row.get("state"),
                    reason: row.get("reason"),
                    run: row.get::<_, Option<uuid::Uuid>>("run").map(RunId),
                })
                .collect())
        })
        .await
    }
}

/// Enters one firing, and its run if it gets one; `false` if it was there before. `overlap: skip` is decided here, where the job is guarded.
async fn enter(
    transaction: &super::connection::Transaction<'_>,
    job: &Job,
    definition: &str,
    decision: &mut Decision,
) -> Result<bool, StoreError> {
    if decision.state == FiringState::Ran && job.overlap == Overlap::Skip {
        let open = transaction
            .query_one(include_str!("sql/run_open_of_job.sql"), &[&job.name])
            .await
            .map_err(database(DOING))?;
        if open.get("open") {
            decision.state = FiringState::Skipped;
            decision.reason = Some("the previous run was still going");
        }
    }
    let run = (decision.state == FiringState::Ran).then(uuid::Uuid::now_v7);
    let entered = transaction
        .execute(
            include_str!("sql/firing_enter.sql"),
            &[&job.name, &decision.scheduled_for, &decision.state.label(), &decision.reason, &run],
        )
        .await
        .map_err(database(DOING))?;
    if let (1, Some(run)) = (entered, run) {
        let params: std::collections::BTreeMap<_, _> =
            job.params.iter().filter_map(|param| Some((&param.name, param.default.as_ref()?))).collect();
        let from = 0_i32;
        transaction
            .execute(
                include_str!("sql/run_create.sql"),
                &[
                    &run,
                    &job.name,
                    &definition,
                    &"schedule",
                    &Json(params),
                    &Some(decision.scheduled_for),
                    &from,
                    &None::<uuid::Uuid>,
                    &None::<uuid::Uuid>,
                    &None::<i32>,
                ],
            )
            .await
            .map_err(database(DOING))?;
    }
    Ok(entered == 1)
}

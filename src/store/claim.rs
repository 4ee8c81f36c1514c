//! Claiming a run: from the queue to this daemon, past overlap and locks, in one transaction.
//!
//! `for update skip locked` lets several daemons claim at once without waiting for each other; the run's place in the
//! line is `queued_at`. Overlap is decided under an advisory lock on the job, so it can't be raced.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::definition::{StoredJob, stored};
use super::error::StoreError;
use super::lock::{Asked, Capacities, WHOLE_RUN, ask};
use super::pool::{Store, database};
use super::run::read_attempts;
use super::wake::Wake;
use crate::domain::failure::Failure;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::job::Overlap;
use crate::domain::plan::AttemptView;
use crate::domain::run::{RunLock, Trigger};
use crate::domain::template::{RunScope, Scope as TemplateScope};

const DOING: &str = "claiming a run";

/// Which runs a process may claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every run that isn't meant for another daemon: `serve`.
    All,
    /// Only runs made for this daemon, and runs that they trigger: `run`.
    Own,
}

/// A run that now belongs to this daemon.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The run.
    pub id: RunId,
    /// The definition that it started with.
    pub job: StoredJob,
    /// Its parameters.
    pub params: std::collections::BTreeMap<String, String>,
    /// Its due time.
    pub scheduled_for: DateTime<Utc>,
    /// Its round.
    pub round: u32,
    /// The first step of this round.
    pub from_step: usize,
    /// When this round's first attempt started.
    pub round_started_at: Option<DateTime<Utc>>,
    /// Whether somebody asked for its end.
    pub cancel_requested: bool,
    /// Every attempt so far.
    pub attempts: Vec<AttemptView>,
    /// Outcomes of steps that succeeded, by place.
    pub outcomes: Vec<(usize, serde_json::Value)>,
    /// Locks held for the whole run.
    pub locks: Vec<RunLock>,
}

/// What came of looking at one run in the queue.
enum Look {
    Claimed(Box<Claimed>),
    /// It stays in the queue; look at the next one.
    Passed(RunId),
    /// Nothing is left to look at.
    Empty,
}

impl Store {
    /// Claims the first run in line that can start. Runs that can't are told what they wait for. A daemon that was given
    /// up claims nothing: `NotOwner`.
    pub async fn claim(
        &self,
        me: DaemonId,
        scope: Scope,
        capacities: &Capacities,
    ) -> Result<Option<Claimed>, StoreError> {
        let mut passed: Vec<uuid::Uuid> = Vec::new();
        loop {
            let look = self
                .transaction(DOING, async |transaction| look(transaction, me, scope, capacities, &passed).await)
                .await?;
            match look {
                Look::Claimed(claimed) => return Ok(Some(*claimed)),
                Look::Passed(run) => passed.push(run.0),
                Look::Empty => return Ok(None),
            }
        }
    }
}

async fn look(
    transaction: &Transaction<'_>,
    me: DaemonId,
    scope: Scope,
    capacities: &Capacities,
    passed: &[uuid::Uuid],
) -> Result<Look, StoreError> {
    let guard = transaction.query_opt(include_str!("sql/claim_guard.sql"), &[&me.0]).await.map_err(database(DOING))?;
    if guard.is_none() {
        return Err(StoreError::NotOwner { doing: DOING });
    }
    let own_only = scope == Scope::Own;
    let row = transaction
        .query_opt(include_str!("sql/claim_candidate.sql"), &[&me.0, &own_only, &passed])
        .await
        .map_err(database(DOING))?;
    let Some(row) = row else { return Ok(Look::Empty) };
    let run = RunId(row.get("id"));
    let job = stored(&row, DOING)?;
    // A run that only has to be ended waits for nothing.
    if row.get::<_, Option<DateTime<Utc>>>("cancel_requested_at").is_some() {
        transaction.execute(include_str!("sql/claim_take.sql"), &[&run.0, &me.0]).await.map_err(database(DOING))?;
        return claimed(transaction, &row, job, Vec::new()).await;
    }
    // Overlap is part of a schedule. A run that a person or a step starts is kept apart by locks, where a job has them.
    // Runs of a backfill wait for their turn, and end nobody's run to get it.
    let in_order: bool = row.get("in_order");
    if (in_order || row.get::<_, &str>("trigger") == Trigger::Schedule.label())
        && let Some(reason) = overlap(transaction, run, &job, in_order).await?
    {
        return pass(transaction, run, &row, reason).await;
    }
    let locks = match lock_names(&row, &job) {
        Ok(names) => match ask(transaction, run, WHOLE_RUN, &names, capacities).await? {
            Asked::Granted(locks) => locks,
            Asked::Waiting(reason) => return pass(transaction, run, &row, reason).await,
            // A run that holds nothing yet can't close a circle; one that was lost holds all that it asks for.
            Asked::Circle(failure) => return pass(transaction, run, &row, failure.message).await,
        },
        Err(failure) => {
            let failure = tokio_postgres::types::Json(failure);
            transaction
                .execute(include_str!("sql/run_fail_queued.sql"), &[&run.0, &failure])
                .await
                .map_err(database(DOING))?;
            Wake::Ended(run).notify(transaction).await.map_err(database(DOING))?;
            return Ok(Look::Passed(run));
        }
    };
    transaction.execute(include_str!("sql/claim_take.sql"), &[&run.0, &me.0]).await.map_err(database(DOING))?;
    claimed(transaction, &row, job, locks).await
}

/// What the run waits for because its job's other runs come first; asks them to end where the job says so.
async fn overlap(
    transaction: &Transaction<'_>,
    run: RunId,
    job: &StoredJob,
    in_order: bool,
) -> Result<Option<String>, StoreError> {
    let name = &job.definition.job.name;
    transaction.execute(include_str!("sql/job_guard.sql"), &[name]).await.map_err(database(DOING))?;
    let ahead =
        transaction.query_opt(include_str!("sql/claim_overlap.sql"), &[name, &run.0]).await.map_err(database(DOING))?;
    let Some(ahead) = ahead else { return Ok(None) };
    let other = RunId(ahead.get("id"));
    if job.definition.job.overlap == Overlap::Cancel && !in_order {
        let asked =
            transaction.execute(include_str!("sql/run_ask_to_end.sql"), &[&other.0]).await.map_err(database(DOING))?;
        if asked > 0 {
            Wake::Cancel(other).notify(transaction).await.map_err(database(DOING))?;
        }
    }
    Ok(Some(format!("run {other} of the same job")))
}

async fn pass(transaction: &Transaction<'_>, run: RunId, row: &Row, reason: String) -> Result<Look, StoreError> {
    if row.get::<_, Option<&str>>("waiting_for") != Some(reason.as_str()) {
        transaction.execute(include_str!("sql/run_wait.sql"), &[&run.0, &reason]).await.map_err(database(DOING))?;
    }
    Ok(Look::Passed(run))
}

fn lock_names(row: &Row, job: &StoredJob) -> Result<Vec<String>, Failure> {
    let scope = TemplateScope::of_run(
        RunScope {
            id: row.get::<_, uuid::Uuid>("id").to_string(),
            job: job.definition.job.name.clone(),
            scheduled_for: row.get("scheduled_for"),
            attempt: 1,
        },
        params(row),
        job.definition.job.zone(),
    );
    job.definition.job.locks.iter().map(|name| scope.text(name)).collect()
}

fn params(row: &Row) -> std::collections::BTreeMap<String, String> {
    let params: tokio_postgres::types::Json<_> = row.get("params");
    params.0
}

async fn claimed(
    transaction: &Transaction<'_>,
    row: &Row,
    job: StoredJob,
    locks: Vec<RunLock>,
) -> Result<Look, StoreError> {
    let id = RunId(row.get("id"));
    let read = read_attempts(transaction, &[id.0]).await?;
    let mut outcomes = Vec::new();
    let mut attempts = Vec::new();
    for (_, step, round, attempt) in read {
        if let Some(outcome) = &attempt.outcome {
            outcomes.push((step, serde_json::to_value(outcome).unwrap_or_default()));
        }
        attempts.push(AttemptView {
            step,
            number: attempt.number,
            round,
            state: attempt.state,
            ended_at: attempt.ended_at,
            failure: attempt.failure,
        });
    }
    Ok(Look::Claimed(Box::new(Claimed {
        id,
        job,
        params: params(row),
        scheduled_for: row.get("scheduled_for"),
        round: u32::try_from(row.get::<_, i32>("round")).unwrap_or(1),
        from_step: usize::try_from(row.get::<_, i32>("from_step")).unwrap_or(0),
        round_started_at: row.get("round_started_at"),
        cancel_requested: row.get::<_, Option<DateTime<Utc>>>("cancel_requested_at").is_some(),
        attempts,
        outcomes,
        locks,
    })))
}

//! Claiming runs: from the queue to this daemon, past overlap and locks, several in one transaction.
//!
//! The queues of all jobs and locks that matter are guarded first, then the runs are held with `for update skip locked`,
//! so several daemons claim at once without waiting for each other and nothing can be raced. A run that must wait leaves
//! the line until it is called (`sql/queue_call.sql`): a long queue is not looked at again and again. Its place among
//! those that wait stays: `queued_at`, and its requests for locks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use super::connection::Transaction;
use super::definition::StoredJob;
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

const DOING: &str = "claiming runs";

/// Most runs that one transaction looks at: it holds their queues while it does.
const AT_ONCE: usize = 16;

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
    pub job: Arc<StoredJob>,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
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

/// What came of looking at the head of the line.
#[derive(Debug)]
pub struct Claims {
    /// Runs that are this daemon's now.
    pub runs: Vec<Claimed>,
    /// Whether there was nothing else to look at. Otherwise it is worth looking again.
    pub line_is_empty: bool,
}

/// A run in line, with what is needed to decide about it.
struct Candidate {
    id: RunId,
    row: Row,
    job: Arc<StoredJob>,
    /// The names of its locks, or why they can't be told.
    locks: Result<Vec<String>, Failure>,
}

/// What is decided about one run.
enum Decision {
    Take(Vec<RunLock>),
    Leave,
}

impl Store {
    /// Looks at the head of the line and claims what can start, at most so many runs. Runs that can't start are told
    /// what they wait for. A daemon that was given up claims nothing: `NotOwner`.
    pub async fn claim(
        &self,
        me: DaemonId,
        scope: Scope,
        capacities: &Capacities,
        room: usize,
    ) -> Result<Claims, StoreError> {
        let room = room.min(AT_ONCE);
        let rows = self.in_line(me, scope, room).await?;
        if rows.is_empty() {
            return Ok(Claims { runs: Vec::new(), line_is_empty: true });
        }
        let line_is_empty = rows.len() < room;
        let hashes = rows.iter().map(|row| row.get("definition")).collect();
        let jobs = self.definitions(hashes).await?;
        let candidates: Vec<Candidate> = rows.into_iter().filter_map(|row| candidate(row, &jobs)).collect();
        let runs =
            self.transaction(DOING, async |transaction| claim(transaction, me, capacities, &candidates).await).await?;
        Ok(Claims { runs, line_is_empty })
    }

    /// Calls all who wait at the head of a queue: a net for a call that never came.
    pub async fn call_waiting(&self) -> Result<u64, StoreError> {
        const DOING: &str = "calling runs that wait";
        self.call(DOING, async |connection| {
            connection.execute(include_str!("sql/queue_call_all.sql"), &[]).await.map_err(database(DOING))
        })
        .await
    }

    async fn in_line(&self, me: DaemonId, scope: Scope, room: usize) -> Result<Vec<Row>, StoreError> {
        let own_only = scope == Scope::Own;
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        self.call(DOING, async |connection| {
            connection
                .query(include_str!("sql/claim_candidate.sql"), &[&me.0, &own_only, &room])
                .await
                .map_err(database(DOING))
        })
        .await
    }
}

fn candidate(row: Row, jobs: &HashMap<String, Arc<StoredJob>>) -> Option<Candidate> {
    let job = Arc::clone(jobs.get(row.get::<_, &str>("definition"))?);
    let locks = lock_names(&row, &job);
    Some(Candidate { id: RunId(row.get("id")), row, job, locks })
}

async fn claim(
    transaction: &Transaction<'_>,
    me: DaemonId,
    capacities: &Capacities,
    candidates: &[Candidate],
) -> Result<Vec<Claimed>, StoreError> {
    let alive = transaction.query_opt(include_str!("sql/claim_guard.sql"), &[&me.0]).await.map_err(database(DOING))?;
    if alive.is_none() {
        return Err(StoreError::NotOwner { doing: DOING });
    }
    guard(transaction, candidates).await?;
    let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id.0).collect();
    let held = transaction.query(include_str!("sql/claim_hold.sql"), &[&ids]).await.map_err(database(DOING))?;
    let held: HashMap<Uuid, &Row> = held.iter().map(|row| (row.get("id"), row)).collect();
    let mut taken = Vec::new();
    for candidate in candidates {
        let Some(now) = held.get(&candidate.id.0) else { continue };
        let cancelled = now.get("cancelled");
        if let Decision::Take(locks) = decide(transaction, candidate, cancelled, capacities).await? {
            taken.push((candidate, *now, locks));
            // The next of the same job must see it running.
            transaction
                .execute(include_str!("sql/claim_take.sql"), &[&candidate.id.0, &me.0])
                .await
                .map_err(database(DOING))?;
        }
    }
    claimed(transaction, taken).await
}

/// Guards the queues that the decisions depend on. Taking them one run after the other could let two daemons wait for
/// each other.
async fn guard(transaction: &Transaction<'_>, candidates: &[Candidate]) -> Result<(), StoreError> {
    let jobs: Vec<&str> = candidates
        .iter()
        .filter(|candidate| candidate.overlap_matters())
        .map(|candidate| candidate.job.definition.job.name.as_str())
        .collect();
    let locks: Vec<&str> =
        candidates.iter().filter_map(|candidate| candidate.locks.as_ref().ok()).flatten().map(String::as_str).collect();
    if !jobs.is_empty() || !locks.is_empty() {
        transaction.query(include_str!("sql/queue_guard.sql"), &[&jobs, &locks]).await.map_err(database(DOING))?;
    }
    Ok(())
}

impl Candidate {
    /// Overlap is part of a schedule. A run that a person or a step starts is kept apart by locks, where a job has them.
    fn overlap_matters(&self) -> bool {
        self.row.get::<_, &str>("trigger") == Trigger::Schedule.label()
    }
}

async fn decide(
    transaction: &Transaction<'_>,
    candidate: &Candidate,
    cancelled: bool,
    capacities: &Capacities,
) -> Result<Decision, StoreError> {
    // A run that only has to be ended waits for nothing.
    if cancelled {
        return Ok(Decision::Take(Vec::new()));
    }
    let run = candidate.id;
    if candidate.overlap_matters()
        && let Some(reason) = overlap(transaction, run, &candidate.job).await?
    {
        return wait(transaction, run, &reason).await;
    }
    let names = match &candidate.locks {
        Ok(names) => names,
        Err(failure) => {
            let failure = tokio_postgres::types::Json(failure);
            transaction
                .execute(include_str!("sql/run_fail_queued.sql"), &[&run.0, &failure])
                .await
                .map_err(database(DOING))?;
            Wake::Ended(run).notify(transaction).await.map_err(database(DOING))?;
            return Ok(Decision::Leave);
        }
    };
    match ask(transaction, run, WHOLE_RUN, names, capacities).await? {
        Asked::Granted(locks) => {
            if names.iter().any(|name| capacities.of(name) > 1) {
                // There may be room for the next in the queue as well.
                transaction
                    .execute(include_str!("sql/queue_call.sql"), &[&run.0, &Some(WHOLE_RUN)])
                    .await
                    .map_err(database(DOING))?;
            }
            Ok(Decision::Take(locks))
        }
        Asked::Waiting(reason) => wait(transaction, run, &reason).await,
        // A run that holds nothing yet can't close a circle; one that was lost holds all that it asks for.
        Asked::Circle(failure) => wait(transaction, run, &failure.message).await,
    }
}

/// What the run waits for because its job's other runs come first; asks them to end where the job says so.
async fn overlap(transaction: &Transaction<'_>, run: RunId, job: &StoredJob) -> Result<Option<String>, StoreError> {
    let name = &job.definition.job.name;
    let ahead =
        transaction.query_opt(include_str!("sql/claim_overlap.sql"), &[name, &run.0]).await.map_err(database(DOING))?;
    let Some(ahead) = ahead else { return Ok(None) };
    let other = RunId(ahead.get("id"));
    if job.definition.job.overlap == Overlap::Cancel {
        let asked =
            transaction.execute(include_str!("sql/run_ask_to_end.sql"), &[&other.0]).await.map_err(database(DOING))?;
        if asked > 0 {
            Wake::Cancel(other).notify(transaction).await.map_err(database(DOING))?;
        }
    }
    Ok(Some(format!("run {other} of the same job")))
}

async fn wait(transaction: &Transaction<'_>, run: RunId, reason: &str) -> Result<Decision, StoreError> {
    transaction.execute(include_str!("sql/run_wait.sql"), &[&run.0, &reason]).await.map_err(database(DOING))?;
    Ok(Decision::Leave)
}

fn lock_names(row: &Row, job: &StoredJob) -> Result<Vec<String>, Failure> {
    let job = &job.definition.job;
    if job.locks.is_empty() {
        return Ok(Vec::new());
    }
    let scope = RunScope {
        id: row.get::<_, Uuid>("id").to_string(),
        job: job.name.clone(),
        scheduled_for: row.get("scheduled_for"),
        attempt: 1,
    };
    let scope = TemplateScope::of_run(scope, params(row), job.zone());
    job.locks.iter().map(|name| scope.text(name)).collect()
}

fn params(row: &Row) -> BTreeMap<String, String> {
    let params: tokio_postgres::types::Json<_> = row.get("params");
    params.0
}

/// Reads what runs have behind them.
async fn claimed(
    transaction: &Transaction<'_>,
    taken: Vec<(&Candidate, &Row, Vec<RunLock>)>,
) -> Result<Vec<Claimed>, StoreError> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = taken.iter().map(|(candidate, ..)| candidate.id.0).collect();
    let mut attempts: HashMap<Uuid, Vec<AttemptView>> = HashMap::new();
    let mut outcomes: HashMap<Uuid, Vec<(usize, serde_json::Value)>> = HashMap::new();
    for (run, step, round, attempt) in read_attempts(transaction, &ids).await? {
        if let Some(outcome) = &attempt.outcome {
            let outcome = serde_json::to_value(outcome).unwrap_or_default();
            outcomes.entry(run).or_default().push((step, outcome));
        }
        attempts.entry(run).or_default().push(AttemptView {
            step,
            number: attempt.number,
            round,
            state: attempt.state,
            ended_at: attempt.ended_at,
            failure: attempt.failure,
        });
    }
    let with_past = |(candidate, now, locks): (&Candidate, &Row, Vec<RunLock>)| Claimed {
        id: candidate.id,
        job: Arc::clone(&candidate.job),
        params: params(&candidate.row),
        scheduled_for: candidate.row.get("scheduled_for"),
        round: u32::try_from(now.get::<_, i32>("round")).unwrap_or(1),
        from_step: usize::try_from(now.get::<_, i32>("from_step")).unwrap_or(0),
        round_started_at: now.get("round_started_at"),
        cancel_requested: now.get("cancelled"),
        attempts: attempts.remove(&candidate.id.0).unwrap_or_default(),
        outcomes: outcomes.remove(&candidate.id.0).unwrap_or_default(),
        locks,
    };
    Ok(taken.into_iter().map(with_past).collect())
}

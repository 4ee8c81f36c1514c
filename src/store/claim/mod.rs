//! Claiming runs: from the queue to this daemon, past overlap and locks, several in one transaction.
//!
//! The queues of all jobs and locks that matter are guarded first, then the runs are held with `for update skip locked`,
//! so several daemons claim at once without waiting for each other and nothing can be raced. A run that must wait leaves
//! the line until it is called (`sql/queue_call.sql`): a long queue is not looked at again and again. Its place among
//! those that wait stays: `queued_at`, and its requests for locks.

mod candidate;
mod claimed;
mod decide;
mod line;
mod stray;

use std::collections::{HashMap, HashSet};

use tokio_postgres::Row;
use uuid::Uuid;

use super::connection::{Call, RELAXED, Transaction, Value};
use super::error::StoreError;
use super::lock::Capacities;
use super::pool::{Store, database};
use super::run::{ATTEMPTS, parse_attempts, read_attempts};
use crate::domain::ids::{DaemonId, RunId};
use candidate::{Candidate, Way};
use decide::{Decision, decide, guard_all};

pub use claimed::Claimed;
use claimed::claimed;
pub use line::Line;

const DOING: &str = "claiming runs";

/// Most runs that one transaction asks several questions about, one after the other: it holds their queues while it does.
const ONE_BY_ONE: usize = 16;

/// Most runs that are claimed by one statement. Where many are due at once, those in front begin as the next ones are claimed, and
/// both want the processors: the fewer claims, the sooner the last of them is this daemon's.
const AT_ONCE: usize = 64;

/// Which runs a process may claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every run that isn't meant for another daemon: `serve`.
    All,
    /// Only runs made for this daemon, and runs that they trigger: `run`.
    Own,
}

/// What came of looking at the head of the line.
#[derive(Debug)]
pub struct Claims {
    /// Runs that are this daemon's now.
    pub runs: Vec<Claimed>,
    /// Whether there was nothing else to look at. Otherwise it is worth looking again.
    pub line_is_empty: bool,
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
        line: &mut Line,
    ) -> Result<Claims, StoreError> {
        if line.is_stale() {
            *line = self.read_line(me, scope).await?;
        }
        let (candidates, way) = line.take(room);
        let runs = match way {
            _ if candidates.is_empty() => Vec::new(),
            Way::Free => self.claim_at_once(me, &candidates, None).await?,
            Way::BehindItsJob => self.claim_behind_jobs(me, capacities, candidates).await?,
            Way::More => self.claim_one_by_one(me, capacities, &candidates).await?,
        };
        Ok(Claims { runs, line_is_empty: line.is_at_its_end() })
    }

    /// Calls all who wait at the head of a queue: a net for a call that never came.
    pub async fn call_waiting(&self) -> Result<u64, StoreError> {
        const DOING: &str = "calling runs that wait";
        self.call(DOING, async |connection| {
            connection.execute(include_str!("../sql/queue_call_all.sql"), &[]).await.map_err(database(DOING))
        })
        .await
    }

    /// Claims runs that only their jobs' other runs can hold back. Those that are held back are told by what.
    async fn claim_behind_jobs(
        &self,
        me: DaemonId,
        capacities: &Capacities,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Claimed>, StoreError> {
        let jobs = candidates.iter().map(|candidate| candidate.job.definition.job.name.clone()).collect();
        let mut runs = self.claim_at_once(me, &candidates, Some(jobs)).await?;
        let taken: HashSet<RunId> = runs.iter().map(|claimed| claimed.id).collect();
        let left: Vec<Candidate> = candidates.into_iter().filter(|candidate| !taken.contains(&candidate.id)).collect();
        for left in left.chunks(ONE_BY_ONE) {
            // What was claimed is this daemon's now and must be begun, whatever becomes of the others.
            match self.claim_one_by_one(me, capacities, left).await {
                Ok(more) => runs.extend(more),
                Err(error) if runs.is_empty() => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "runs that may have to wait are looked at again soon");
                    break;
                }
            }
        }
        Ok(runs)
    }

    /// Claims runs one after the other, each past all that is in its way.
    async fn claim_one_by_one(
        &self,
        me: DaemonId,
        capacities: &Capacities,
        candidates: &[Candidate],
    ) -> Result<Vec<Claimed>, StoreError> {
        self.transaction(DOING, async |transaction| claim(transaction, me, capacities, candidates).await).await
    }

    /// Claims runs and starts those that never started, in one round trip: runs that nothing holds back, or, where their
    /// jobs are given, those of them that no other run of their job is ahead of.
    async fn claim_at_once(
        &self,
        me: DaemonId,
        candidates: &[Candidate],
        jobs: Option<Vec<String>>,
    ) -> Result<Vec<Claimed>, StoreError> {
        let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id.0).collect();
        let jobs_matter = jobs.is_some();
        let first = match jobs {
            // Lost in a crash of the server, the run is in the queue again; this daemon's writes about it are refused.
            None => Call { statement: RELAXED, values: Vec::new() },
            // Lost, its job's next run could begin beside what this one has begun already: it waits for the disk.
            Some(jobs) => {
                let values: Vec<Value<'_>> =
                    vec![Box::new(jobs), Box::new(Vec::<String>::new()), Box::new(Vec::<Uuid>::new())];
                Call { statement: include_str!("../sql/queue_guard.sql"), values }
            }
        };
        let take = include_str!("../sql/claim_take_several.sql");
        let calls = [
            Call { statement: include_str!("../sql/claim_guard.sql"), values: vec![Box::new(me.0)] },
            first,
            Call { statement: ATTEMPTS, values: vec![Box::new(ids.clone())] },
            Call { statement: take, values: vec![Box::new(ids), Box::new(me.0), Box::new(jobs_matter)] },
        ];
        let answers =
            self.call(DOING, async |connection| connection.at_once(&calls).await.map_err(database(DOING))).await?;
        let [guard, _, attempts, taken] = answers.as_slice() else { return Ok(Vec::new()) };
        if guard.is_empty() {
            return Err(StoreError::NotOwner { doing: DOING });
        }
        let taken: HashMap<Uuid, &Row> = taken.iter().map(|row| (row.get("id"), row)).collect();
        let taken = candidates
            .iter()
            .filter_map(|candidate| Some((candidate, *taken.get(&candidate.id.0)?, Vec::new())))
            .collect();
        Ok(claimed(taken, parse_attempts(attempts)?))
    }
}

async fn claim(
    transaction: &Transaction<'_>,
    me: DaemonId,
    capacities: &Capacities,
    candidates: &[Candidate],
) -> Result<Vec<Claimed>, StoreError> {
    let alive =
        transaction.query_opt(include_str!("../sql/claim_guard.sql"), &[&me.0]).await.map_err(database(DOING))?;
    if alive.is_none() {
        return Err(StoreError::NotOwner { doing: DOING });
    }
    guard_all(transaction, candidates).await?;
    let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.id.0).collect();
    let held = transaction.query(include_str!("../sql/claim_hold.sql"), &[&ids]).await.map_err(database(DOING))?;
    let held: HashMap<Uuid, &Row> = held.iter().map(|row| (row.get("id"), row)).collect();
    let mut taken = Vec::new();
    for candidate in candidates {
        let Some(now) = held.get(&candidate.id.0) else { continue };
        let cancelled = now.get("cancelled");
        if let Decision::Take(locks) = decide(transaction, candidate, cancelled, capacities).await? {
            taken.push((candidate, *now, locks));
            // The next of the same job must see it running.
            transaction
                .execute(include_str!("../sql/claim_take.sql"), &[&candidate.id.0, &me.0])
                .await
                .map_err(database(DOING))?;
        }
    }
    let ids: Vec<Uuid> = taken.iter().map(|(candidate, ..)| candidate.id.0).collect();
    Ok(claimed(taken, read_attempts(transaction, &ids).await?))
}

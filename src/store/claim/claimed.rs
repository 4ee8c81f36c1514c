//! A run that was claimed, with all that whoever runs it must know.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use super::candidate::{Candidate, params};
use crate::domain::ids::RunId;
use crate::domain::plan::AttemptView;
use crate::domain::run::{Attempt, RunLock};
use crate::store::definition::StoredJob;

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
    /// Whether its first attempt was recorded as started with the claim.
    pub begun: bool,
    /// Whether somebody asked for its end.
    pub cancel_requested: bool,
    /// Every attempt so far.
    pub attempts: Vec<AttemptView>,
    /// Outcomes of steps that succeeded, by place.
    pub outcomes: Vec<(usize, serde_json::Value)>,
    /// Locks held for the whole run.
    pub locks: Vec<RunLock>,
}

/// Runs that were taken, with what they have behind them.
pub(super) fn claimed(
    taken: Vec<(&Candidate, &Row, Vec<RunLock>)>,
    behind: Vec<(Uuid, usize, u32, Attempt)>,
) -> Vec<Claimed> {
    let mut attempts: HashMap<Uuid, Vec<AttemptView>> = HashMap::new();
    let mut outcomes: HashMap<Uuid, Vec<(usize, serde_json::Value)>> = HashMap::new();
    for (run, step, round, attempt) in behind {
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
        begun: now.get("begun"),
        cancel_requested: now.get("cancelled"),
        attempts: attempts.remove(&candidate.id.0).unwrap_or_default(),
        outcomes: outcomes.remove(&candidate.id.0).unwrap_or_default(),
        locks,
    };
    taken.into_iter().map(with_past).collect()
}

//! A run in line, and what can be known of it before anything is held.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::{AT_ONCE, ONE_BY_ONE};
use crate::domain::alert::AlertKind;
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::run::Trigger;
use crate::domain::template::{RunScope, Scope as TemplateScope};
use crate::store::definition::StoredJob;
use crate::store::pool::Store;

/// What can be in a run's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing.
    Free,
    /// Runs of its job that came before it, and nothing else.
    BehindItsJob,
    /// Locks, or, for a run of a backfill, all other runs of its job.
    More,
}

impl Way {
    /// How many runs with this in their way are claimed together at most.
    pub(super) const fn at_once(self) -> usize {
        match self {
            Self::Free | Self::BehindItsJob => AT_ONCE,
            Self::More => ONE_BY_ONE,
        }
    }
}

/// A run in line, with what is needed to decide about it.
pub(super) struct Candidate {
    pub(super) id: RunId,
    pub(super) row: Row,
    pub(super) job: Arc<StoredJob>,
    /// The names of its locks, or why they can't be told.
    pub(super) locks: Result<Vec<String>, Failure>,
    /// Whether it is told if the run can't start, and whether `windlass.yaml` says to whom.
    pub(super) told: Option<bool>,
}

impl Candidate {
    /// A run in line, if its definition is known.
    pub(super) fn new(row: Row, jobs: &HashMap<String, Arc<StoredJob>>, store: &Store) -> Option<Self> {
        let job = Arc::clone(jobs.get(row.get::<_, &str>("definition"))?);
        let locks = lock_names(&row, &job);
        let told = store.tells(&job.definition.job, AlertKind::Failed);
        Some(Self { id: RunId(row.get("id")), row, job, locks, told })
    }

    /// What can be in its way.
    pub(super) fn way(&self) -> Way {
        if !self.locks.as_ref().is_ok_and(Vec::is_empty) || self.steps_have_locks() || self.in_order() {
            Way::More
        } else if self.overlap_matters() {
            Way::BehindItsJob
        } else {
            Way::Free
        }
    }

    /// Whether a step of it has locks of its own, so that it may have given way for one.
    pub(super) fn steps_have_locks(&self) -> bool {
        self.job.definition.job.steps_have_locks()
    }

    /// Overlap is part of a schedule and of a backfill, and of a run's start. A run that a person or a step starts is kept apart by locks,
    /// where a job has them.
    pub(super) fn overlap_matters(&self) -> bool {
        let is_due = self.in_order() || self.row.get::<_, &str>("trigger") == Trigger::Schedule.label();
        is_due && !self.row.get::<_, bool>("started")
    }

    /// Whether it is of a backfill that goes one by one: it waits for its turn, and ends nobody's run to get it.
    pub(super) fn in_order(&self) -> bool {
        self.row.get("in_order")
    }
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

/// A run's parameters.
pub(super) fn params(row: &Row) -> BTreeMap<String, String> {
    let params: tokio_postgres::types::Json<_> = row.get("params");
    params.0
}

//! Writing what happened to a run: several facts in one durable commit, by its owner only. Runs that have something to
//! record at the same time share a commit where they can (`gather`).

mod facts;
mod gather;
mod together;

use chrono::{DateTime, Utc};

use super::connection::{Call, Connection, RELAXED, Value};
use super::error::StoreError;
use super::pool::{Store, database};
use super::wake::{CHANNEL, Wake};
use crate::domain::alert::AlertKind;
use crate::domain::failure::Failure;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::outcome::Outcome;
use crate::domain::state::{AttemptState, RunState};

use facts::{RunEnd, facts, place};
pub(super) use gather::Gathering;

const DOING: &str = "recording a run";

/// One fact about a run.
#[derive(Clone, Debug)]
pub enum Write {
    /// An attempt starts.
    Start {
        /// The step's place.
        step: usize,
        /// The attempt's number.
        number: u32,
    },
    /// An attempt ended.
    End {
        /// The step's place.
        step: usize,
        /// The attempt's number.
        number: u32,
        /// How.
        state: AttemptState,
        /// What it has to say.
        outcome: Option<Box<Outcome>>,
        /// What went wrong.
        failure: Option<Box<Failure>>,
    },
    /// A step's own locks are free.
    ReleaseStep {
        /// The step's place.
        step: usize,
    },
    /// The run's end is told. Before its end, in the same commit, so that none of the two is ever there alone.
    Alert {
        /// What is told.
        kind: AlertKind,
        /// Whether `windlass.yaml` says to whom.
        by_settings: bool,
    },
    /// The run ended: it has no owner any more and all its locks are free.
    EndRun {
        /// How.
        state: RunState,
        /// Why, where the reason is not an attempt's failure.
        failure: Option<Box<Failure>>,
        /// Who may be waiting for it.
        waiters: Waiters,
    },
    /// The run goes back to the queue; its locks stay its own.
    Requeue,
    /// The run's next step waits for a lock: it leaves room for others until it is its turn. Its locks stay its own.
    GiveWay {
        /// For what, behind whom.
        reason: String,
    },
}

/// Who may be waiting for a run's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiters {
    /// Nobody: its job has neither locks nor a schedule.
    Nobody,
    /// Other runs of its job, which has no locks.
    OfItsJob,
    /// Whoever wants its locks, too.
    Any,
}

impl Store {
    /// Writes facts about a run, all or none, if it is still this daemon's. Returns the database's time. Writing the
    /// same facts again, after an answer that was lost, changes nothing.
    pub async fn record(&self, me: DaemonId, run: RunId, writes: &[Write]) -> Result<DateTime<Utc>, StoreError> {
        match facts(writes).map(|facts| facts.moves_queue()) {
            Some(moves_queue) => self.record_together(moves_queue, me, run, writes).await,
            None => self.record_alone(me, run, writes).await,
        }
    }

    /// Writes facts about a run in a transaction of their own.
    async fn record_alone(&self, me: DaemonId, run: RunId, writes: &[Write]) -> Result<DateTime<Utc>, StoreError> {
        let moves_queues = writes.iter().any(|write| match write {
            Write::EndRun { waiters, .. } => *waiters != Waiters::Nobody,
            Write::ReleaseStep { .. } => true,
            _ => false,
        });
        let own = owned(me, run, include_str!("../sql/run_own.sql"), Vec::new());
        // A start alone may be lost in a crash of the server: the sweep by name still finds its sessions.
        let may_be_lost = writes.iter().all(|write| matches!(write, Write::Start { .. }));
        let relaxed = Call { statement: RELAXED, values: Vec::new() };
        let first = moves_queues.then(|| together::guard(&[run])).or_else(|| may_be_lost.then_some(relaxed));
        let own_at = usize::from(first.is_some());
        let all = first.into_iter().chain([own]).chain(writes.iter().flat_map(|write| calls(me, run, write)));
        let all: Vec<Call<'_>> = all.collect();
        self.call(DOING, async |connection| {
            let answers = connection.at_once(&all).await.map_err(database(DOING))?;
            match answers.get(own_at).and_then(|rows| rows.first()) {
                Some(row) => Ok(row.get("now")),
                None => already_written(connection, run, writes).await,
            }
        })
        .await
    }

    /// Whether the run is still this daemon's and nobody asked for its end. The commit gate.
    pub async fn gate(&self, me: DaemonId, run: RunId) -> Result<bool, StoreError> {
        const DOING: &str = "asking whether the run is still ours";
        self.call(DOING, async |connection| {
            let row = connection
                .query_opt(include_str!("../sql/run_gate.sql"), &[&run.0, &me.0])
                .await
                .map_err(database(DOING))?;
            row.map(|row| row.get("wanted")).ok_or(StoreError::NotOwner { doing: DOING })
        })
        .await
    }
}

/// A run that isn't ours any more is fine if it is because these very facts were written before.
async fn already_written(connection: &Connection, run: RunId, writes: &[Write]) -> Result<DateTime<Utc>, StoreError> {
    let wanted = writes.iter().find_map(|write| match write {
        Write::EndRun { state, .. } => Some(state.label()),
        _ => None,
    });
    let row = connection.query_opt(include_str!("../sql/run_state.sql"), &[&run.0]).await.map_err(database(DOING))?;
    match row {
        Some(row) if wanted.is_some() && wanted == Some(row.get("state")) => Ok(row.get("now")),
        _ => Err(StoreError::NotOwner { doing: DOING }),
    }
}

/// The statements that write a fact. Each of them writes only if the run is this daemon's.
fn calls(me: DaemonId, run: RunId, write: &Write) -> Vec<Call<'_>> {
    // What several runs can have to say is said by the same statements for one.
    if let Some(facts) = facts(std::slice::from_ref(write)) {
        return together::writes(me, &[(run, facts)]);
    }
    let call = |statement, more| owned(me, run, statement, more);
    let release = |step: Option<i32>| {
        let values = vec![Box::new(run.0) as Value<'_>, Box::new(step)];
        let next = Call { statement: include_str!("../sql/queue_call.sql"), values };
        [next, call(include_str!("../sql/run_release.sql"), vec![Box::new(step)])]
    };
    let work: Vec<Value<'_>> = vec![Box::new(CHANNEL), Box::new(Wake::Work.payload())];
    let work = call(include_str!("../sql/run_notify.sql"), work);
    match write {
        Write::Start { .. } | Write::End { .. } | Write::Alert { .. } => Vec::new(),
        Write::ReleaseStep { step } => release(Some(place(*step))).into_iter().chain([work]).collect(),
        // The run stays ours until the last of them.
        Write::EndRun { state, failure, .. } => {
            let end = together::run_ends(me, &[(run.0, &RunEnd { state: *state, failure: failure.as_deref() })]);
            release(None).into_iter().chain([work, end]).collect()
        }
        Write::Requeue => vec![work, call(include_str!("../sql/run_requeue.sql"), Vec::new())],
        // In the line, not among those that wait: the lock may have been freed since it was asked for, when the run was
        // nobody's to call. Whoever looks at it asks again.
        Write::GiveWay { reason } => {
            vec![work, call(include_str!("../sql/run_give_way.sql"), vec![Box::new(reason)])]
        }
    }
}

/// A statement about a run that is this daemon's: its first two values are the run and the daemon.
fn owned<'v>(me: DaemonId, run: RunId, statement: &'static str, more: Vec<Value<'v>>) -> Call<'v> {
    let mut values: Vec<Value<'v>> = vec![Box::new(run.0), Box::new(me.0)];
    values.extend(more);
    Call { statement, values }
}

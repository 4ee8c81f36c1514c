//! Locks: a queue per name, granted first come, first served, all of a holder's together or none.
//!
//! Asking and granting are one transaction under advisory locks on the names, taken in sorted order, so two askers
//! can't deadlock and capacity can't be raced. A grant belongs to the run, not to a daemon: it stays when the daemon
//! dies, and goes in the transaction that ends the run (or the step).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::connection::Transaction;
use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::RunId;
use crate::domain::run::{RunLock, lock_class};

/// How many may hold a lock at once, by class. A lock's class is its name up to the first slash.
#[derive(Clone, Debug, Default)]
pub struct Capacities(pub BTreeMap<String, u32>);

impl Capacities {
    /// The capacity of a lock; one unless its class says otherwise.
    pub fn of(&self, name: &str) -> u32 {
        self.0.get(lock_class(name)).copied().unwrap_or(1)
    }
}

/// The number that stands for "the whole run" where a step's place is expected.
pub(super) const WHOLE_RUN: i32 = -1;

/// What came of asking.
pub(super) enum Asked {
    /// All of them are held.
    Granted(Vec<RunLock>),
    /// At least one isn't free; none is held. In words: for what, behind whom.
    Waiting(String),
    /// Waiting would never end: who holds them waits for what this run holds.
    Circle(Failure),
}

/// What came of asking for a step's locks.
#[derive(Clone, Debug)]
pub enum StepLocks {
    /// All of them are held.
    Held(Vec<RunLock>),
    /// It waits: for what, behind whom.
    Waiting(String),
    /// Waiting would never end.
    Never(Failure),
}

/// A lock that is held or waited for, as a list shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LockRow {
    /// The lock's name.
    pub name: String,
    /// `held` or `waiting`.
    pub state: String,
    /// The run.
    pub run: RunId,
    /// The run's job.
    pub job: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The fencing token, if held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<i64>,
}

const DOING: &str = "asking for locks";

/// Asks for locks within the caller's transaction. Asking again keeps the place in the queue; locks held already are
/// granted as they are.
pub(super) async fn ask(
    transaction: &Transaction<'_>,
    run: RunId,
    step: i32,
    names: &[String],
    capacities: &Capacities,
) -> Result<Asked, StoreError> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(Asked::Granted(Vec::new()));
    }
    for name in &names {
        transaction.execute(include_str!("sql/lock_guard.sql"), &[name]).await.map_err(database(DOING))?;
    }
    let limits: Vec<i64> = names.iter().map(|name| i64::from(capacities.of(name))).collect();
    transaction
        .execute(include_str!("sql/lock_request.sql"), &[&names, &run.0, &step])
        .await
        .map_err(database(DOING))?;
    let blocker = transaction
        .query_opt(include_str!("sql/lock_blocker.sql"), &[&names, &limits, &run.0, &step])
        .await
        .map_err(database(DOING))?;
    if let Some(row) = blocker {
        let circle = transaction
            .query_opt(include_str!("sql/lock_circle.sql"), &[&names, &run.0])
            .await
            .map_err(database(DOING))?;
        return Ok(match circle {
            Some(held) => Asked::Circle(circle_failure(&row, held.get("name"))),
            None => Asked::Waiting(blocked(&row)),
        });
    }
    let granted = transaction
        .query(include_str!("sql/lock_grant.sql"), &[&names, &run.0, &step])
        .await
        .map_err(database(DOING))?;
    Ok(Asked::Granted(granted.iter().map(run_lock).collect()))
}

fn blocked(row: &Row) -> String {
    let name: &str = row.get("name");
    let (run, job): (Option<uuid::Uuid>, Option<&str>) = (row.get("run"), row.get("job"));
    match (run, job) {
        (Some(run), Some(job)) => format!("lock {name}, behind run {run} of {job}"),
        _ => format!("lock {name}"),
    }
}

fn circle_failure(blocker: &Row, held: &str) -> Failure {
    let message =
        format!("waiting for {} would never end: it waits for lock {held}, which this run holds", blocked(blocker));
    Failure::transient(Code::LockCircle, Side::Internal, message)
        .with_hint("take both locks together, on the job or on the step, in every job that needs them")
}

/// Reads a granted lock from columns `name`, `waited_s`, `token`.
pub(super) fn run_lock(row: &Row) -> RunLock {
    RunLock { name: row.get("name"), waited_s: row.get("waited_s"), token: row.get("token") }
}

impl Store {
    /// Locks held and waited for, by name, holders first, waiters in their order.
    pub async fn locks(&self) -> Result<Vec<LockRow>, StoreError> {
        const DOING: &str = "listing locks";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/lock_list.sql"), &[]).await.map_err(database(DOING))?;
            let read = |row: &Row| LockRow {
                name: row.get("name"),
                state: row.get("state"),
                run: RunId(row.get("run")),
                job: row.get("job"),
                since: row.get("since"),
                token: row.get("token"),
            };
            Ok(rows.iter().map(read).collect())
        })
        .await
    }

    /// Asks for a step's locks.
    pub async fn ask_for_step(
        &self,
        run: RunId,
        step: usize,
        names: &[String],
        capacities: &Capacities,
    ) -> Result<StepLocks, StoreError> {
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        self.transaction(DOING, async |transaction| {
            Ok(match ask(transaction, run, step, names, capacities).await? {
                Asked::Granted(locks) => StepLocks::Held(locks),
                Asked::Waiting(what) => StepLocks::Waiting(what),
                Asked::Circle(failure) => StepLocks::Never(failure),
            })
        })
        .await
    }
}

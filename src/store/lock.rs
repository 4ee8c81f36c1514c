//! Locks: a queue per name, granted first come, first served, all of a holder's together or none.
//!
//! Asking and granting are one transaction under advisory locks on the names, taken in sorted order, so two askers
//! can't deadlock and capacity can't be raced. A grant belongs to the run, not to a daemon: it stays when the daemon
//! dies, and goes in the transaction that ends the run (or the step). Runs that hold locks while they wait for others
//! could wait in a circle; `domain::waits` finds that, and the one that would close the circle is refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::connection::Transaction;
use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::run::{RunLock, lock_class};
use crate::domain::waits::Waits;

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
    /// Waiting would never end: who holds them waits for what this run holds. It has left the queues.
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
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Lock)]
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
    /// The place in the queue, from one, if waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<i64>,
    /// The run that comes before it: the next one ahead in the queue, else a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<RunId>,
    /// That run's job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_job: Option<String>,
}

const DOING: &str = "asking for locks";

/// Guards the queues of jobs and of locks until the transaction ends, and those that runs are in already. Everybody does
/// so before holding a run, once, and for all that will be asked: the guards are taken in one order.
pub(super) async fn guard(
    transaction: &Transaction<'_>,
    jobs: &[&str],
    locks: &[&str],
    runs: &[uuid::Uuid],
) -> Result<(), StoreError> {
    transaction.query(include_str!("sql/queue_guard.sql"), &[&jobs, &locks, &runs]).await.map_err(database(DOING))?;
    Ok(())
}

/// Asks for locks within the caller's transaction, which guards their queues. Asking again keeps the place in the queue; locks held already are
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
    let limits: Vec<i64> = names.iter().map(|name| i64::from(capacities.of(name))).collect();
    transaction
        .execute(include_str!("sql/lock_request.sql"), &[&names, &run.0, &step])
        .await
        .map_err(database(DOING))?;
    let granted = match in_the_way(transaction, run, step, &names, &limits, capacities).await? {
        Some(asked) => return Ok(asked),
        None => transaction
            .query(include_str!("sql/lock_grant.sql"), &[&names, &run.0, &step])
            .await
            .map_err(database(DOING))?,
    };
    Ok(Asked::Granted(granted.iter().map(run_lock).collect()))
}

/// Why the locks can't be granted now; `None` if they can. A run that others may wait for is looked at more closely: it
/// may pass those who wait for it, and it is told when it would wait for itself.
async fn in_the_way(
    transaction: &Transaction<'_>,
    run: RunId,
    step: i32,
    names: &[String],
    limits: &[i64],
    capacities: &Capacities,
) -> Result<Option<Asked>, StoreError> {
    let blocker = async |passed: &[uuid::Uuid]| {
        transaction
            .query_opt(include_str!("sql/lock_blocker.sql"), &[&names, &limits, &run.0, &step, &passed])
            .await
            .map_err(database(DOING))
    };
    let Some(first) = blocker(&[]).await? else { return Ok(None) };
    let in_hands: bool = transaction
        .query_one(include_str!("sql/lock_in_hands.sql"), &[&run.0])
        .await
        .map_err(database(DOING))?
        .get("in_hands");
    if !in_hands {
        return Ok(Some(Asked::Waiting(blocked(&first))));
    }
    transaction.execute(include_str!("sql/lock_circle_guard.sql"), &[]).await.map_err(database(DOING))?;
    let waits = waits(transaction).await?;
    if waits.in_circle(run, |name| usize::try_from(capacities.of(name)).unwrap_or(usize::MAX)) {
        call_next(transaction, run, Some(step)).await?;
        transaction.execute(include_str!("sql/lock_withdraw.sql"), &[&run.0, &step]).await.map_err(database(DOING))?;
        return Ok(Some(Asked::Circle(circle_failure(&first))));
    }
    let passed: Vec<uuid::Uuid> = waits.behind(run).into_iter().map(|run| run.0).collect();
    Ok(blocker(&passed).await?.map(|row| Asked::Waiting(blocked(&row))))
}

/// All that is held and waited for.
async fn waits(transaction: &Transaction<'_>) -> Result<Waits, StoreError> {
    let rows = transaction.query(include_str!("sql/lock_waits.sql"), &[]).await.map_err(database(DOING))?;
    let mut waits = Waits::default();
    for row in &rows {
        let (name, run) = (row.get("name"), RunId(row.get("run")));
        match row.get("what") {
            "held" => waits.held.push((name, run)),
            "asked" => waits.asked.push((name, run)),
            _ => waits.ends.push((run, RunId(row.get("other")))),
        }
    }
    Ok(waits)
}

/// Calls who may go on when a run gives up its locks: one step's, or all of them and its place among its job's runs. The
/// queues must be guarded.
pub(super) async fn call_next(transaction: &Transaction<'_>, run: RunId, step: Option<i32>) -> Result<(), StoreError> {
    transaction.execute(include_str!("sql/queue_call.sql"), &[&run.0, &step]).await.map_err(database(DOING))?;
    Ok(())
}

fn blocked(row: &Row) -> String {
    let name: &str = row.get("name");
    let (run, job): (Option<uuid::Uuid>, Option<&str>) = (row.get("run"), row.get("job"));
    match (run, job) {
        (Some(run), Some(job)) => format!("lock {name}, behind run {run} of {job}"),
        _ => format!("lock {name}"),
    }
}

fn circle_failure(blocker: &Row) -> Failure {
    let message = format!(
        "waiting for {} would never end: whoever holds it waits, directly or through others, for this run",
        blocked(blocker)
    );
    Failure::permanent(Code::LockCircle, Side::Internal, message)
        .with_hint("take both locks together, on the job or on the step, in every job that needs them")
}

/// Reads a granted lock from columns `name`, `waited_s`, `token`, `granted_at`, `step`.
pub(super) fn run_lock(row: &Row) -> RunLock {
    RunLock {
        name: row.get("name"),
        waited_s: row.get("waited_s"),
        token: row.get("token"),
        granted_at: row.get("granted_at"),
        // Below zero: the whole run's.
        step: usize::try_from(row.get::<_, i32>("step")).ok(),
    }
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
                place: row.get("place"),
                behind: row.get::<_, Option<uuid::Uuid>>("behind").map(RunId),
                behind_job: row.get("behind_job"),
            };
            Ok(rows.iter().map(read).collect())
        })
        .await
    }

    /// Asks for a step's locks. A run that isn't this daemon's any more asks for nothing: what it would be granted might
    /// outlive it.
    pub async fn ask_for_step(
        &self,
        me: DaemonId,
        run: RunId,
        step: usize,
        names: &[String],
        capacities: &Capacities,
    ) -> Result<StepLocks, StoreError> {
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        self.transaction(DOING, async |transaction| own_and_ask(transaction, me, run, step, names, capacities).await)
            .await
    }
}

/// Asks for a place of a run that is this daemon's; the run stays its until the transaction ends.
pub(super) async fn own_and_ask(
    transaction: &Transaction<'_>,
    me: DaemonId,
    run: RunId,
    place: i32,
    names: &[String],
    capacities: &Capacities,
) -> Result<StepLocks, StoreError> {
    let locks: Vec<&str> = names.iter().map(String::as_str).collect();
    guard(transaction, &[], &locks, &[run.0]).await?;
    let owned =
        transaction.query_opt(include_str!("sql/run_own.sql"), &[&run.0, &me.0]).await.map_err(database(DOING))?;
    if owned.is_none() {
        return Err(StoreError::NotOwner { doing: DOING });
    }
    Ok(match ask(transaction, run, place, names, capacities).await? {
        Asked::Granted(locks) => StepLocks::Held(locks),
        Asked::Waiting(what) => StepLocks::Waiting(what),
        Asked::Circle(failure) => StepLocks::Never(failure),
    })
}

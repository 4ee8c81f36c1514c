//! The lease of a daemon: one row, renewed, whatever number of runs it has.
//!
//! A daemon that stops renewing is given up by the others: its running attempts are lost, its runs queued again, all in
//! one transaction. From then on it can't write about any run, whenever it wakes, because every write asks for its id
//! as the run's owner.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::alert::AlertKind;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::{DaemonId, RunId};

/// Who a daemon is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// This incarnation.
    pub id: DaemonId,
    /// Machine, boot and process namespace: where its pid means something.
    pub host: String,
    /// Its process.
    pub pid: i32,
    /// When that process started, in the kernel's ticks since boot.
    pub process_started: i64,
    /// Its version.
    pub version: String,
}

/// What a renewal says.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// Whether the lease was renewed; `false`: the daemon was given up and must stop.
    pub renewed: bool,
    /// The database's clock.
    pub now: DateTime<Utc>,
    /// Own runs whose end somebody asked for.
    pub cancelled: Vec<RunId>,
    /// Daemons whose lease has lapsed.
    pub lapsed: Vec<DaemonId>,
    /// Daemons that hold a lease.
    pub leases: i64,
    /// Lock classes with how many are held now and how many places in queues are taken.
    pub locks: Vec<(String, i64, i64)>,
    /// Daemons of the same host with pid and start time, to be looked for there.
    pub neighbours: Vec<(DaemonId, i32, i64)>,
}

/// A daemon as a list shows it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Daemon)]
pub struct DaemonRow {
    /// The incarnation.
    pub id: DaemonId,
    /// Where it runs.
    pub host: String,
    /// Its process.
    pub pid: i32,
    /// Its version.
    pub version: String,
    /// Until when it is trusted.
    pub lease_until: DateTime<Utc>,
    /// Runs that it owns.
    pub runs: i64,
}

impl Store {
    /// Enters a daemon with its first lease.
    pub async fn register(&self, me: &Identity, lease: Duration) -> Result<(), StoreError> {
        const DOING: &str = "registering this daemon";
        self.call(DOING, async |connection| {
            connection
                .execute(
                    include_str!("sql/daemon_register.sql"),
                    &[&me.id.0, &me.host, &me.pid, &me.process_started, &me.version, &lease.as_secs_f64()],
                )
                .await
                .map_err(database(DOING))
        })
        .await?;
        Ok(())
    }

    /// Renews the lease and says what else a daemon must know.
    pub async fn heartbeat(&self, me: &Identity, lease: Duration) -> Result<Heartbeat, StoreError> {
        const DOING: &str = "renewing the lease";
        self.call(DOING, async |connection| {
            let row = connection
                .query_one(include_str!("sql/daemon_heartbeat.sql"), &[&me.id.0, &lease.as_secs_f64(), &me.host])
                .await
                .map_err(database(DOING))?;
            Ok(heartbeat(&row))
        })
        .await
    }

    /// Gives up another daemon: if its lease has lapsed, or at once where its process is known to be gone. Returns the
    /// number of attempts that were lost; `None` if somebody else was quicker or it renewed in time.
    pub async fn take_over(&self, daemon: DaemonId, process_gone: bool) -> Result<Option<u64>, StoreError> {
        const DOING: &str = "taking over from a lost daemon";
        self.transaction(DOING, async |transaction| {
            let ended = transaction
                .execute(include_str!("sql/daemon_give_up.sql"), &[&daemon.0, &process_gone])
                .await
                .map_err(database(DOING))?;
            if ended == 0 {
                return Ok(None);
            }
            // Runs before attempts, and in order, as they are held wherever something is recorded about several.
            transaction.query(include_str!("sql/run_hold_of.sql"), &[&daemon.0]).await.map_err(database(DOING))?;
            let told = self.by_default(AlertKind::AttemptLost);
            transaction
                .execute(include_str!("sql/alert_of_lost.sql"), &[&daemon.0, &told])
                .await
                .map_err(database(DOING))?;
            let lost = transaction
                .execute(include_str!("sql/attempt_lose.sql"), &[&daemon.0, &Json(lost_failure())])
                .await
                .map_err(database(DOING))?;
            for statement in [include_str!("sql/lock_renew.sql"), include_str!("sql/run_requeue_of.sql")] {
                transaction.execute(statement, &[&daemon.0]).await.map_err(database(DOING))?;
            }
            Wake::Work.notify(transaction).await.map_err(database(DOING))?;
            Ok(Some(lost))
        })
        .await
    }

    /// Gives up this daemon's lease at its end. Runs that it still owns go back to the queue.
    pub async fn leave(&self, me: DaemonId) -> Result<(), StoreError> {
        const DOING: &str = "giving up the lease";
        self.transaction(DOING, async |transaction| {
            for statement in [
                include_str!("sql/daemon_leave.sql"),
                include_str!("sql/lock_renew.sql"),
                include_str!("sql/run_requeue_of.sql"),
            ] {
                transaction.execute(statement, &[&me.0]).await.map_err(database(DOING))?;
            }
            Wake::Work.notify(transaction).await.map_err(database(DOING))
        })
        .await
    }

    /// Daemons that hold a lease.
    pub async fn daemons(&self) -> Result<Vec<DaemonRow>, StoreError> {
        const DOING: &str = "listing daemons";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/daemon_list.sql"), &[]).await.map_err(database(DOING))?;
            let read = |row: &Row| DaemonRow {
                id: DaemonId(row.get("id")),
                host: row.get("host"),
                pid: row.get("pid"),
                version: row.get("version"),
                lease_until: row.get("lease_until"),
                runs: row.get("runs"),
            };
            Ok(rows.iter().map(read).collect())
        })
        .await
    }
}

fn heartbeat(row: &Row) -> Heartbeat {
    let ids: Vec<uuid::Uuid> = row.get("neighbour_ids");
    let pids: Vec<i32> = row.get("neighbour_pids");
    let started: Vec<i64> = row.get("neighbour_started");
    let classes: Vec<String> = row.get("lock_classes");
    let held: Vec<i64> = row.get("locks_held");
    let waiting: Vec<i64> = row.get("locks_waiting");
    Heartbeat {
        leases: row.get("leases"),
        locks: classes.into_iter().zip(held).zip(waiting).map(|((class, held), at)| (class, held, at)).collect(),
        renewed: row.get("renewed"),
        now: row.get("now"),
        cancelled: row.get::<_, Vec<uuid::Uuid>>("cancelled").into_iter().map(RunId).collect(),
        lapsed: row.get::<_, Vec<uuid::Uuid>>("lapsed").into_iter().map(DaemonId).collect(),
        neighbours: ids.into_iter().map(DaemonId).zip(pids).zip(started).map(|((id, pid), at)| (id, pid, at)).collect(),
    }
}

fn lost_failure() -> Failure {
    Failure::transient(Code::Lost, Side::Internal, "the daemon that ran this attempt is gone")
}

//! Daemons of late, as people look at them: what each runs, and what was taken over from those that were lost.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::{DaemonId, RunId};

/// Daemons that are read at most.
const MOST: i64 = 50;

/// A daemon that is, or was of late.
#[derive(Clone, Debug)]
pub struct DaemonPast {
    /// The incarnation.
    pub id: DaemonId,
    /// Where it runs.
    pub host: String,
    /// Its process.
    pub pid: i32,
    /// Its version.
    pub version: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// Until when it is trusted.
    pub lease_until: DateTime<Utc>,
    /// When it ended, by itself or for the others.
    pub ended_at: Option<DateTime<Utc>>,
    /// It was given up by the others.
    pub lost: bool,
    /// Runs that it owns, with their jobs.
    pub runs: Vec<(RunId, String)>,
    /// Runs whose attempts were lost with it, with their jobs and states of now.
    pub taken_over: Vec<(RunId, String, String)>,
}

impl Store {
    /// Daemons that hold a lease, and those that ended within a week.
    pub async fn daemon_history(&self) -> Result<Vec<DaemonPast>, StoreError> {
        const DOING: &str = "listing daemons";
        let mut daemons: Vec<DaemonPast> = self
            .call(DOING, async |connection| {
                let rows = connection.query(include_str!("sql/daemon_history.sql"), &[&MOST]).await;
                Ok(rows.map_err(database(DOING))?.iter().map(daemon).collect())
            })
            .await?;
        let lost: Vec<uuid::Uuid> = daemons.iter().filter(|one| one.lost).map(|one| one.id.0).collect();
        if lost.is_empty() {
            return Ok(daemons);
        }
        let rows = self
            .call(DOING, async |connection| {
                let rows = connection.query(include_str!("sql/daemon_lost_attempts.sql"), &[&lost]).await;
                rows.map_err(database(DOING))
            })
            .await?;
        for row in &rows {
            let of: uuid::Uuid = row.get("daemon");
            let run = (RunId(row.get("id")), row.get("job"), row.get("state"));
            daemons.iter_mut().filter(|one| one.id.0 == of).for_each(|one| one.taken_over.push(run.clone()));
        }
        Ok(daemons)
    }
}

fn daemon(row: &Row) -> DaemonPast {
    let (runs, jobs): (Vec<uuid::Uuid>, Vec<String>) = (row.get("runs"), row.get("jobs"));
    DaemonPast {
        id: DaemonId(row.get("id")),
        host: row.get("host"),
        pid: row.get("pid"),
        version: row.get("version"),
        started_at: row.get("started_at"),
        lease_until: row.get("lease_until"),
        ended_at: row.get("ended_at"),
        lost: row.get("lost"),
        runs: runs.into_iter().map(RunId).zip(jobs).collect(),
        taken_over: vec![],
    }
}

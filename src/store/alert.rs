//! Alerts: recorded with what causes them, taken by one daemon at a time to be told.
//!
//! However many daemons notice a thing, it is one row: unique on kind, subject and moment. What a run's end causes is
//! written with that end (`Write::Alert`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database, unreadable};
use crate::domain::alert::{Alert, AlertDetail, AlertId, AlertKind, AlertState, Notify};
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::job::Job;

/// Alerts taken at once. Those of one job and kind are told together, so there are far fewer messages.
const AT_ONCE: i64 = 200;

/// An alert that this daemon has taken.
#[derive(Clone, Debug)]
pub struct ClaimedAlert {
    /// The alert.
    pub alert: Alert,
    /// The hash of the job's definition when it was recorded.
    pub definition: Option<String>,
    /// Whether `notify` of `windlass.yaml` says who is told.
    pub by_settings: bool,
    /// Receivers that have it already.
    pub told: Vec<String>,
    /// When the last one of the same job and kind was told.
    pub last_told: Option<DateTime<Utc>>,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// Which alerts a list shows, newest first.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// Of this job only.
    pub job: Option<String>,
    /// In one of these states only; all if empty.
    pub states: Vec<AlertState>,
    /// Recorded at or after this time only.
    pub since: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// The same store, which knows what is told of jobs that don't say it themselves.
    #[must_use]
    pub fn telling(mut self, default: Option<&Notify>) -> Self {
        self.alerts = default.cloned();
        self
    }

    /// Whether this is told of a job; and if so, whether `windlass.yaml` says to whom, and not the job.
    pub fn tells(&self, job: &Job, kind: AlertKind) -> Option<bool> {
        match &job.notify {
            Some(notify) => notify.tells(kind).then_some(false),
            None => self.by_default(kind).then_some(true),
        }
    }

    /// Whether this is told of jobs that don't say it themselves.
    pub(super) fn by_default(&self, kind: AlertKind) -> bool {
        self.alerts.as_ref().is_some_and(|notify| notify.tells(kind))
    }

    /// Records runs that have waited for a lock for too long. Returns how many are new.
    pub async fn note_lock_waits(&self) -> Result<usize, StoreError> {
        const DOING: &str = "looking for runs that wait for long";
        let wait = self.alerts.as_ref().map_or(Notify::LOCK_WAIT, |notify| notify.lock_wait).as_secs_f64();
        self.call(DOING, async |connection| {
            let statement = include_str!("sql/alert_of_locks.sql");
            let rows = connection.query(statement, &[&self.by_default(AlertKind::LockWaited), &wait]).await;
            rows.map(|rows| rows.len()).map_err(database(DOING))
        })
        .await
    }

    /// Records that a job's replica is too old, once for each time that it was published. Returns whether it is new.
    pub async fn note_old_replica(
        &self,
        job: &str,
        replica: &str,
        published_at: DateTime<Utc>,
        max_age: Duration,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "noting an old replica";
        let detail = AlertDetail {
            replica: Some(replica.to_owned()),
            published_at: Some(published_at),
            max_age_s: Some(max_age.as_secs_f64()),
            ..AlertDetail::default()
        };
        self.call(DOING, async |connection| {
            let moment = published_at.to_rfc3339();
            let default = self.by_default(AlertKind::ReplicaOld);
            let statement = include_str!("sql/alert_of_replica.sql");
            let rows = connection.query(statement, &[&job, &replica, &moment, &Json(detail), &default]).await;
            rows.map(|rows| !rows.is_empty()).map_err(database(DOING))
        })
        .await
    }

    /// Takes alerts that are to be told now.
    pub async fn claim_alerts(&self, me: DaemonId) -> Result<Vec<ClaimedAlert>, StoreError> {
        const DOING: &str = "taking alerts";
        self.call(DOING, async |connection| {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&me.0, &self.alerts.is_some(), &AT_ONCE];
            let rows = connection.query(include_str!("sql/alert_claim.sql"), &values).await.map_err(database(DOING))?;
            let claimed = |row: &Row| {
                Ok(ClaimedAlert {
                    alert: read(row, DOING)?,
                    definition: row.get("definition"),
                    by_settings: row.get("by_settings"),
                    told: row.get("told"),
                    last_told: row.get("last_told"),
                    now: row.get("now"),
                })
            };
            rows.iter().map(claimed).collect()
        })
        .await
    }

    /// Notes that alerts were told, all by one.
    pub async fn alerts_told(&self, me: DaemonId, by: AlertId, all: &[AlertId]) -> Result<(), StoreError> {
        const DOING: &str = "noting that alerts were told";
        self.call(DOING, async |connection| {
            let told = connection.execute(include_str!("sql/alert_told.sql"), &[&by.0, &ids(all), &me.0]).await;
            told.map(drop).map_err(database(DOING))
        })
        .await
    }

    /// Leaves alerts for later. `failed`: what the receiver said; without it nothing was tried. `told`: receivers that have
    /// them already.
    pub async fn alerts_again(
        &self,
        me: DaemonId,
        all: &[AlertId],
        after: Duration,
        failed: Option<&str>,
        told: &[String],
    ) -> Result<(), StoreError> {
        const DOING: &str = "leaving alerts for later";
        self.call(DOING, async |connection| {
            let uncounted = i32::from(failed.is_none());
            let again = include_str!("sql/alert_again.sql");
            let left =
                connection.execute(again, &[&ids(all), &me.0, &after.as_secs_f64(), &uncounted, &failed, &told]).await;
            left.map(drop).map_err(database(DOING))
        })
        .await
    }

    /// Tells alerts no more.
    pub async fn leave_alerts(
        &self,
        me: DaemonId,
        all: &[AlertId],
        state: AlertState,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        const DOING: &str = "giving alerts up";
        self.call(DOING, async |connection| {
            let leave = include_str!("sql/alert_leave.sql");
            let left = connection.execute(leave, &[&ids(all), &me.0, &state.label(), &why]).await;
            left.map(drop).map_err(database(DOING))
        })
        .await
    }

    /// How many alerts are still to be told.
    pub async fn pending_alerts(&self) -> Result<i64, StoreError> {
        const DOING: &str = "counting alerts";
        self.call(DOING, async |connection| {
            let row = connection.query_one(include_str!("sql/alert_count.sql"), &[]).await;
            row.map(|row| row.get(0)).map_err(database(DOING))
        })
        .await
    }

    /// Alerts, newest first.
    pub async fn alerts(&self, filter: &AlertFilter) -> Result<Vec<Alert>, StoreError> {
        const DOING: &str = "reading alerts";
        let states: Vec<&str> = filter.states.iter().map(|state| state.label()).collect();
        self.call(DOING, async |connection| {
            let list = include_str!("sql/alert_list.sql");
            let limit = i64::from(filter.limit);
            let rows = connection.query(list, &[&filter.job, &states, &filter.since, &limit]).await;
            rows.map_err(database(DOING))?.iter().map(|row| read(row, DOING)).collect()
        })
        .await
    }

    /// Removes settled alerts older than that, at most so many. Returns how many.
    pub async fn remove_old_alerts(&self, keep: Duration, most: u32) -> Result<u64, StoreError> {
        const DOING: &str = "removing old alerts";
        self.call(DOING, async |connection| {
            let remove = include_str!("sql/alert_remove_old.sql");
            connection.execute(remove, &[&keep.as_secs_f64(), &i64::from(most)]).await.map_err(database(DOING))
        })
        .await
    }
}

fn ids(all: &[AlertId]) -> Vec<uuid::Uuid> {
    all.iter().map(|id| id.0).collect()
}

fn read(row: &Row, doing: &'static str) -> Result<Alert, StoreError> {
    let unknown = |word: &str| unreadable(doing)(format!("`{word}` is nothing that this version knows of alerts"));
    let (kind, state): (&str, &str) = (row.get("kind"), row.get("state"));
    let state = AlertState::from_label(state).ok_or_else(|| unknown(state))?;
    Ok(Alert {
        id: AlertId(row.get("id")),
        kind: AlertKind::from_label(kind).ok_or_else(|| unknown(kind))?,
        job: row.get("job"),
        run: row.get::<_, Option<uuid::Uuid>>("run").map(RunId),
        at: row.get("at"),
        detail: row.get::<_, Json<AlertDetail>>("detail").0,
        state,
        tries: u32::try_from(row.get::<_, i32>("tries")).unwrap_or(0),
        next_try: (state == AlertState::Pending).then(|| row.get("next_try")),
        settled_at: row.get("settled_at"),
        error: row.get("error"),
        folded_into: row.get::<_, Option<uuid::Uuid>>("folded_into").map(AlertId),
    })
}

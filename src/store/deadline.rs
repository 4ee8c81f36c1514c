//! Deadlines of jobs: which have passed, and whether what was due had succeeded by then.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::alert::{AlertDetail, AlertKind};
use crate::domain::deadline::Deadline;
use crate::domain::schedule::Schedule;

/// A job with a deadline.
#[derive(Clone, Debug)]
pub struct JobDeadline {
    /// The job.
    pub job: String,
    /// Its deadline.
    pub deadline: Deadline,
    /// The zone in which that is read.
    pub zone: chrono_tz::Tz,
    /// Up to when its deadlines have been looked at.
    pub from: Option<DateTime<Utc>>,
    /// The ledger has all due times before this one.
    pub next_due: Option<DateTime<Utc>>,
}

/// What looking at a deadline came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was due had succeeded, or nothing was due, or somebody else has looked.
    Fine,
    /// It hadn't. `told`: whether anybody is to hear of it.
    Missed {
        /// The due time.
        due: DateTime<Utc>,
        /// Whether it is told.
        told: bool,
    },
}

impl Store {
    /// Jobs with a deadline, and the database's clock. What can't be read is left out: whoever plans the job says so.
    pub async fn deadlines(&self) -> Result<(Vec<JobDeadline>, Option<DateTime<Utc>>), StoreError> {
        const DOING: &str = "reading deadlines";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/deadline_list.sql"), &[]).await.map_err(database(DOING))?;
            let read = |row: &Row| {
                let Json(schedule) = row.try_get::<_, Json<Schedule>>("schedule").ok()?;
                Some(JobDeadline {
                    job: row.get("name"),
                    deadline: Deadline::parse(row.get("deadline"))?,
                    zone: schedule.zone,
                    from: row.get("deadline_from"),
                    next_due: row.get("next_due"),
                })
            };
            Ok((rows.iter().filter_map(read).collect(), rows.first().map(|row| row.get("now"))))
        })
        .await
    }

    /// Looks at a deadline that has passed: whether what was due in `[since, at)` had succeeded. Once for each deadline,
    /// whichever daemon does it.
    pub async fn judge_deadline(
        &self,
        job: &JobDeadline,
        since: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<Verdict, StoreError> {
        const DOING: &str = "looking at a deadline";
        let default = self.by_default(AlertKind::Deadline);
        self.transaction(DOING, async |transaction| {
            let moved = transaction
                .query_opt(include_str!("sql/deadline_move.sql"), &[&job.job, &job.from, &at])
                .await
                .map_err(database(DOING))?;
            let Some(moved) = moved else { return Ok(Verdict::Fine) };
            let definition: String = moved.get("definition");
            let due = transaction
                .query_opt(include_str!("sql/deadline_due.sql"), &[&job.job, &since, &at])
                .await
                .map_err(database(DOING))?;
            let Some(due) = due.filter(|due| !due.get::<_, bool>("met")) else { return Ok(Verdict::Fine) };
            let scheduled_for: DateTime<Utc> = due.get("scheduled_for");
            let run: Option<uuid::Uuid> = due.get("run");
            let firing = run.is_none().then(|| {
                let (state, reason): (String, Option<String>) = (due.get("state"), due.get("reason"));
                reason.map_or_else(|| state.clone(), |reason| format!("{state} ({reason})"))
            });
            let detail = AlertDetail { due: Some(scheduled_for), deadline: Some(at), firing, ..AlertDetail::default() };
            let recorded = transaction
                .query_opt(
                    include_str!("sql/deadline_missed.sql"),
                    &[&job.job, &at.to_rfc3339(), &run, &Json(detail), &default, &definition],
                )
                .await
                .map_err(database(DOING))?;
            Ok(recorded.map_or(Verdict::Fine, |row| Verdict::Missed {
                due: scheduled_for,
                told: row.get::<_, &str>("state") == "pending",
            }))
        })
        .await
    }
}

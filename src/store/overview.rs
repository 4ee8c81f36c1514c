//! All jobs at a glance, and the last runs of some: what a page of jobs shows, in as few statements for a thousand jobs
//! as for one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::definition::StoredJob;
use super::error::StoreError;
use super::json::json;
use super::pool::{Store, database};
use crate::domain::ids::RunId;
use crate::domain::schedule::Schedule;

/// A job at a glance.
#[derive(Clone, Debug)]
pub struct JobOverview {
    /// Its name.
    pub name: String,
    /// The hash of its definition.
    pub definition: String,
    /// When it is due.
    pub schedule: Option<Schedule>,
    /// Due times up to here are in the ledger.
    pub planned_through: DateTime<Utc>,
    /// The first due time that isn't in the ledger; `None`: not known yet.
    pub next_due: Option<DateTime<Utc>>,
    /// Its pause.
    pub pause: Option<Pause>,
    /// Since when its file can't be read, and what is wrong with it.
    pub broken: Option<(DateTime<Utc>, String)>,
    /// Its newest run.
    pub last: Option<RunBrief>,
    /// The run whose failure no later run has made good.
    pub failing: Option<RunId>,
}

/// A job's pause.
#[derive(Clone, Debug)]
pub struct Pause {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who paused it.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// A run without its steps.
#[derive(Clone, Debug)]
pub struct RunBrief {
    /// Its id.
    pub id: RunId,
    /// Its state, by its stable word.
    pub state: String,
    /// Who or what started it, by its stable word.
    pub trigger: String,
    /// The due time it was made for, else when it was made.
    pub scheduled_for: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the first attempt of its latest round started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it waits for, in words.
    pub waiting_for: Option<String>,
}

impl Store {
    /// All jobs that are not retired, by name.
    pub async fn overview(&self) -> Result<Vec<JobOverview>, StoreError> {
        self.at_a_glance(None).await
    }

    /// One job, unless it was retired.
    pub async fn overview_of(&self, job: &str) -> Result<Option<JobOverview>, StoreError> {
        Ok(self.at_a_glance(Some(job)).await?.pop())
    }

    async fn at_a_glance(&self, job: Option<&str>) -> Result<Vec<JobOverview>, StoreError> {
        const DOING: &str = "listing jobs";
        self.call(DOING, async |connection| {
            let rows =
                connection.query(include_str!("sql/job_overview.sql"), &[&job]).await.map_err(database(DOING))?;
            Ok(rows.iter().map(job_overview).collect())
        })
        .await
    }

    /// The newest runs of these jobs, so many of each, oldest first.
    pub async fn strips(&self, jobs: &[&str], each: u32) -> Result<BTreeMap<String, Vec<RunBrief>>, StoreError> {
        const DOING: &str = "reading last runs";
        let rows = self
            .call(DOING, async |connection| {
                let found = connection.query(include_str!("sql/run_strip.sql"), &[&jobs, &i64::from(each)]).await;
                found.map_err(database(DOING))
            })
            .await?;
        let mut strips: BTreeMap<String, Vec<RunBrief>> = BTreeMap::new();
        for row in &rows {
            strips.entry(row.get("job")).or_default().extend(run_brief(row));
        }
        Ok(strips)
    }

    /// Definitions by their hashes; each is read once.
    pub async fn definitions_of(&self, jobs: &[JobOverview]) -> Result<HashMap<String, Arc<StoredJob>>, StoreError> {
        self.definitions(jobs.iter().map(|job| job.definition.clone()).collect()).await
    }
}

fn job_overview(row: &Row) -> JobOverview {
    let failed = row.get::<_, Option<&str>>("settled_state") == Some("failed");
    let (broken_at, problem): (Option<DateTime<Utc>>, Option<String>) = (row.get("broken_at"), row.get("problem"));
    let pause = |since| Pause { since, by: row.get("paused_by"), note: row.get("pause_note") };
    JobOverview {
        name: row.get("name"),
        definition: row.get("definition"),
        schedule: json(row, "schedule"),
        planned_through: row.get("planned_through"),
        next_due: row.get("next_due"),
        pause: row.get::<_, Option<DateTime<Utc>>>("paused_at").map(pause),
        broken: broken_at.zip(problem),
        last: run_brief(row),
        failing: row.get::<_, Option<uuid::Uuid>>("settled").filter(|_| failed).map(RunId),
    }
}

fn run_brief(row: &Row) -> Option<RunBrief> {
    let id: Option<uuid::Uuid> = row.get("id");
    Some(RunBrief {
        id: RunId(id?),
        state: row.get("state"),
        trigger: row.get("trigger"),
        scheduled_for: row.get("scheduled_for"),
        created_at: row.get("created_at"),
        started_at: row.get("started_at"),
        ended_at: row.get("ended_at"),
        waiting_for: row.get("waiting_for"),
    })
}

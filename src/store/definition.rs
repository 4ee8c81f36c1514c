//! Job definitions, and jobs as last loaded.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use super::error::StoreError;
use super::json::json;
use super::pool::{Store, database, unreadable};
use crate::domain::hex::hex;
use crate::domain::job::Job;
use crate::domain::schedule::Schedule;

/// A job file's content, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The job as it is run.
    pub job: Job,
    /// The file as written.
    pub source: String,
    /// The file's folder: where relative paths start.
    pub base: PathBuf,
}

/// A job as last loaded, with the definition it has now.
#[derive(Clone, Debug)]
pub struct StoredJob {
    /// The hash of its definition.
    pub hash: String,
    /// Its definition.
    pub definition: Definition,
}

/// How a job's last runs ended.
#[derive(Clone, Debug)]
pub struct LastEnds {
    /// The job's name.
    pub job: String,
    /// The end of its last successful run.
    pub success: Option<DateTime<Utc>>,
    /// The end of its last run, if that failed.
    pub failure: Option<DateTime<Utc>>,
}

/// A job as a list shows it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub struct JobRow {
    /// Its name.
    pub name: String,
    /// One line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Due times up to here are in the ledger.
    pub planned_through: DateTime<Utc>,
    /// Since when it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<DateTime<Utc>>,
    /// Since when its file can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<DateTime<Utc>>,
    /// What is wrong with its file, with the place; the last good version is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// State of its newest run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_state: Option<String>,
    /// When its newest run was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<DateTime<Utc>>,
    /// Its newest run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<uuid::Uuid>,
}

impl Definition {
    /// What tells this definition from every other: over the resolved job too, because files that it names were read
    /// into it.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&self.job).unwrap_or_default());
        hasher.update([0]);
        hasher.update(&self.source);
        hasher.update([0]);
        hasher.update(self.base.to_string_lossy().as_bytes());
        hex(&hasher.finalize())
    }
}

impl Store {
    /// The job of that name, unless it was retired.
    pub async fn job(&self, name: &str) -> Result<Option<StoredJob>, StoreError> {
        const DOING: &str = "reading a job";
        self.call(DOING, async |connection| {
            let row =
                connection.query_opt(include_str!("sql/job_read.sql"), &[&name]).await.map_err(database(DOING))?;
            row.map(|row| stored(&row, DOING)).transpose()
        })
        .await
    }

    /// Jobs that publish a replica and are not retired.
    pub async fn publishing_jobs(&self) -> Result<Vec<StoredJob>, StoreError> {
        const DOING: &str = "reading jobs that publish";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/job_publishing.sql"), &[]).await.map_err(database(DOING))?;
            // What this version can't read is watched by daemons of a newer one.
            Ok(rows.iter().filter_map(|row| stored(row, DOING).ok()).collect())
        })
        .await
    }

    /// All jobs that are not retired, by name.
    pub async fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        self.job_rows(None).await
    }

    /// The job of that name as the list shows it, unless it was retired.
    pub async fn job_row(&self, name: &str) -> Result<Option<JobRow>, StoreError> {
        Ok(self.job_rows(Some(name)).await?.pop())
    }

    async fn job_rows(&self, name: Option<&str>) -> Result<Vec<JobRow>, StoreError> {
        const DOING: &str = "listing jobs";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/job_list.sql"), &[&name]).await.map_err(database(DOING))?;
            Ok(rows.iter().map(job_row).collect())
        })
        .await
    }

    /// How the last runs of all jobs that are not retired ended.
    pub async fn last_ends(&self) -> Result<Vec<LastEnds>, StoreError> {
        const DOING: &str = "reading how last runs ended";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/job_last_ends.sql"), &[]).await.map_err(database(DOING))?;
            let of =
                |row: &Row| LastEnds { job: row.get("name"), success: row.get("success"), failure: row.get("failure") };
            Ok(rows.iter().map(of).collect())
        })
        .await
    }
}

/// Reads a definition from columns `hash`, `resolved`, `source`, `base`.
pub(super) fn stored(row: &Row, doing: &'static str) -> Result<StoredJob, StoreError> {
    let resolved: serde_json::Value = row.get("resolved");
    let job = serde_json::from_value(resolved).map_err(|error| unreadable(doing)(error.to_string()))?;
    let base: &str = row.get("base");
    let definition = Definition { job, source: row.get("source"), base: Path::new(base).to_path_buf() };
    Ok(StoredJob { hash: row.get("hash"), definition })
}

fn job_row(row: &Row) -> JobRow {
    JobRow {
        name: row.get("name"),
        description: row.get("description"),
        schedule: json(row, "schedule"),
        planned_through: row.get("planned_through"),
        paused_at: row.get("paused_at"),
        broken_at: row.get("broken_at"),
        problem: row.get("problem"),
        last_state: row.get("last_state"),
        last_run_at: row.get("last_run_at"),
        last_run: row.get("last_run"),
    }
}

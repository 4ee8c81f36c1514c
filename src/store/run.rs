//! Runs: made, and read as people see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

use super::connection::Transaction;
use super::definition::{StoredJob, stored};
use super::error::StoreError;
use super::json::json;
use super::lock::run_lock;
use super::pool::{Store, database, unreadable};
use super::run_list::RunFilter;
use super::wake::Wake;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::job::Job;
use crate::domain::run::{Attempt, Run, RunLock, Trigger, steps_of};
use crate::domain::state::RunState;

/// A run to be made.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Its job.
    pub job: String,
    /// The hash of the definition that it runs.
    pub definition: String,
    /// Who or what started it.
    pub trigger: Trigger,
    /// Its parameters, defaults filled in.
    pub params: BTreeMap<String, String>,
    /// Its due time; `None`: now.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// The first step to run.
    pub from_step: usize,
    /// The only daemon that may claim it.
    pub private_to: Option<DaemonId>,
    /// The run and step that triggered it.
    pub parent: Option<(RunId, usize)>,
}

impl NewRun {
    /// A run that a person starts now, open to every daemon.
    pub fn manual(job: impl Into<String>, definition: impl Into<String>, params: BTreeMap<String, String>) -> Self {
        Self {
            id: RunId(uuid::Uuid::now_v7()),
            job: job.into(),
            definition: definition.into(),
            trigger: Trigger::Manual,
            params,
            scheduled_for: None,
            from_step: 0,
            private_to: None,
            parent: None,
        }
    }
}

impl Store {
    /// Makes a run and returns its id: an earlier one's, if the same step triggered it before.
    pub async fn create_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        const DOING: &str = "making a run";
        self.transaction(DOING, async |transaction| {
            let id = insert(transaction, run, DOING).await?;
            Wake::Work.notify(transaction).await.map_err(database(DOING))?;
            Ok(id)
        })
        .await
    }

    /// A run as people see it.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        let filter = RunFilter { ids: vec![id], limit: 1, ..RunFilter::default() };
        Ok(self.runs(&filter).await?.pop())
    }

    /// Runs as people see them, newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        const DOING: &str = "reading runs";
        let (statement, values) = filter.statement();
        self.transaction(DOING, async |transaction| {
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
            let rows = transaction.query(&statement, &values).await.map_err(database(DOING))?;
            let found: Vec<uuid::Uuid> = rows.iter().map(|row| row.get("id")).collect();
            let mut attempts: BTreeMap<uuid::Uuid, Vec<(usize, u32, Attempt)>> = BTreeMap::new();
            for (run, step, round, attempt) in read_attempts(transaction, &found).await? {
                attempts.entry(run).or_default().push((step, round, attempt));
            }
            let mut locks = read_locks(transaction, &found).await?;
            rows.iter()
                .map(|row| {
                    let id: uuid::Uuid = row.get("id");
                    read_run(row, attempts.remove(&id).unwrap_or_default(), locks.remove(&id).unwrap_or_default())
                })
                .collect()
        })
        .await
    }

    /// The definition that a run started with.
    pub async fn definition_of(&self, run: RunId) -> Result<Option<StoredJob>, StoreError> {
        const DOING: &str = "reading a run's definition";
        self.call(DOING, async |connection| {
            let row = connection
                .query_opt(include_str!("sql/run_definition.sql"), &[&run.0])
                .await
                .map_err(database(DOING))?;
            row.map(|row| stored(&row, DOING)).transpose()
        })
        .await
    }
}

/// Makes a run, or finds the one that the same step made before.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    run: &NewRun,
    doing: &'static str,
) -> Result<RunId, StoreError> {
    let parent_step = run.parent.map(|(_, step)| i32::try_from(step).unwrap_or(i32::MAX));
    let row = transaction
        .query_one(
            include_str!("sql/run_create.sql"),
            &[
                &run.id.0,
                &run.job,
                &run.definition,
                &run.trigger.label(),
                &Json(&run.params),
                &run.scheduled_for,
                &i32::try_from(run.from_step).unwrap_or(i32::MAX),
                &run.private_to.map(|daemon| daemon.0),
                &run.parent.map(|(parent, _)| parent.0),
                &parent_step,
            ],
        )
        .await
        .map_err(database(doing))?;
    Ok(RunId(row.get("id")))
}

const READING_ATTEMPTS: &str = "reading attempts";

/// The attempts of runs ($1).
pub(super) const ATTEMPTS: &str = include_str!("sql/attempt_list.sql");

/// Attempts of runs in the order they started: run, step, round, attempt.
pub(super) async fn read_attempts(
    transaction: &Transaction<'_>,
    runs: &[uuid::Uuid],
) -> Result<Vec<(uuid::Uuid, usize, u32, Attempt)>, StoreError> {
    let rows = transaction.query(ATTEMPTS, &[&runs]).await.map_err(database(READING_ATTEMPTS))?;
    parse_attempts(&rows)
}

/// Reads rows of `ATTEMPTS`.
pub(super) fn parse_attempts(rows: &[Row]) -> Result<Vec<(uuid::Uuid, usize, u32, Attempt)>, StoreError> {
    const DOING: &str = READING_ATTEMPTS;
    rows.iter()
        .map(|row| {
            let step = usize::try_from(row.get::<_, i32>("step")).unwrap_or(0);
            let round = u32::try_from(row.get::<_, i32>("round")).unwrap_or(1);
            let attempt = Attempt {
                number: u32::try_from(row.get::<_, i32>("number")).unwrap_or(0),
                state: parse(row.get("state"), DOING)?,
                started_at: row.get("started_at"),
                ended_at: row.get("ended_at"),
                outcome: json(row, "outcome"),
                progress: json(row, "progress"),
                failure: json(row, "failure"),
            };
            Ok((row.get("run"), step, round, attempt))
        })
        .collect()
}

async fn read_locks(
    transaction: &Transaction<'_>,
    runs: &[uuid::Uuid],
) -> Result<BTreeMap<uuid::Uuid, Vec<RunLock>>, StoreError> {
    const DOING: &str = "reading a run's locks";
    let rows = transaction.query(include_str!("sql/lock_of_runs.sql"), &[&runs]).await.map_err(database(DOING))?;
    let mut locks: BTreeMap<uuid::Uuid, Vec<RunLock>> = BTreeMap::new();
    for row in &rows {
        locks.entry(row.get("run")).or_default().push(run_lock(row));
    }
    Ok(locks)
}

fn read_run(row: &Row, attempts: Vec<(usize, u32, Attempt)>, locks: Vec<RunLock>) -> Result<Run, StoreError> {
    const DOING: &str = "reading runs";
    // Of a job that only a newer version understands, the run is shown without its steps.
    let job: Option<Job> = json(row, "resolved");
    let state: RunState = parse(row.get("state"), DOING)?;
    let trigger: &str = row.get("trigger");
    let round = u32::try_from(row.get::<_, i32>("round")).unwrap_or(1);
    let from_step = usize::try_from(row.get::<_, i32>("from_step")).unwrap_or(0);
    Ok(Run {
        id: RunId(row.get("id")),
        job: row.get("job"),
        state,
        trigger: Trigger::from_label(trigger)
            .ok_or_else(|| unreadable(DOING)(format!("`{trigger}` is not a trigger this version knows")))?,
        scheduled_for: row.get("scheduled_for"),
        created_at: row.get("created_at"),
        started_at: row.get("started_at"),
        ended_at: row.get("ended_at"),
        cancel_requested_at: row.get("cancel_requested_at"),
        waiting_for: row.get("waiting_for"),
        waiting_since: row.get("waiting_since"),
        failure: json(row, "failure"),
        params: row.get::<_, Json<BTreeMap<String, String>>>("params").0,
        locks,
        steps: job.map(|job| steps_of(&job, state, round, from_step, attempts)).unwrap_or_default(),
    })
}

pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    doing: &'static str,
) -> Result<T, StoreError> {
    text.parse().map_err(|error: T::Err| unreadable(doing)(error.to_string()))
}

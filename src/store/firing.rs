//! The ledger of firings as people read it, and runs that they make for due times that had none.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::error::StoreError;
use super::planning::plan;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::firing::Reason;
use crate::domain::ids::RunId;
use crate::domain::run::Trigger;

/// Runs made in one transaction.
const RUNS: usize = 500;

/// Runs that the end of a pause makes at most: they are made in the transaction that ends it.
const RESUMED: usize = 5000;

/// A firing as a list shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FiringRow {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// What became of it.
    pub state: String,
    /// Why, in a stable word (`domain::firing::Reason`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When that was decided.
    pub noticed_at: DateTime<Utc>,
    /// Its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// Which firings a list shows, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct FiringFilter {
    /// Due at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Due at this time or earlier.
    pub until: Option<DateTime<Utc>>,
    /// At most so many; all if it is zero.
    pub limit: u32,
}

/// Runs to be made for due times of a job that have none.
#[derive(Clone, Debug)]
pub struct Later {
    /// The due times, in the order in which they are to run.
    pub due: Vec<DateTime<Utc>>,
    /// Parameters of the runs, defaults filled in.
    pub params: std::collections::BTreeMap<String, String>,
    /// Whether they run one after the other.
    pub in_order: bool,
}

/// Which firings that a pause skipped run at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMissed {
    /// None of them.
    None,
    /// The newest.
    Latest,
    /// All, oldest first.
    All,
}

impl Store {
    /// A job's firings.
    pub async fn firings(&self, job: &str, filter: FiringFilter) -> Result<Vec<FiringRow>, StoreError> {
        const DOING: &str = "reading firings";
        let limit = (filter.limit > 0).then(|| i64::from(filter.limit));
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("sql/firing_list.sql"), &[&job, &filter.since, &filter.until, &limit])
                .await
                .map_err(database(DOING))?;
            Ok(rows.iter().map(firing_row).collect())
        })
        .await
    }

    /// Firings that a job's pause has skipped so far, oldest first.
    pub async fn skipped_by_pause(&self, job: &str) -> Result<Vec<DateTime<Utc>>, StoreError> {
        const DOING: &str = "reading what a pause skipped";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/firing_paused.sql"), &[&job]).await;
            Ok(rows.map_err(database(DOING))?.iter().map(|row| row.get("scheduled_for")).collect())
        })
        .await
    }

    /// Pauses a job: from now on its firings are skipped. Says whether there is such a job.
    pub async fn pause(&self, job: &str) -> Result<bool, StoreError> {
        const DOING: &str = "pausing a job";
        self.call(DOING, async |connection| {
            let changed = connection.execute(include_str!("sql/job_pause.sql"), &[&job]).await;
            Ok(changed.map_err(database(DOING))? > 0)
        })
        .await
    }

    /// Ends a job's pause, and makes runs for firings that it skipped, if that is asked for. Returns them; `None` if
    /// there is no such job.
    pub async fn resume(&self, job: &str, run_missed: RunMissed) -> Result<Option<Vec<RunId>>, StoreError> {
        const DOING: &str = "resuming a job";
        self.plan_all(job).await?;
        self.transaction(DOING, async |transaction| {
            let held =
                transaction.query_opt(include_str!("sql/job_hold.sql"), &[&job]).await.map_err(database(DOING))?;
            if held.is_none() {
                return Ok(None);
            }
            // What came due since belongs to the pause as well.
            plan(transaction, &[job.to_owned()], None, None).await?;
            let rows =
                transaction.query(include_str!("sql/firing_paused.sql"), &[&job]).await.map_err(database(DOING))?;
            let mut due: Vec<DateTime<Utc>> = rows.iter().map(|row| row.get("scheduled_for")).collect();
            match run_missed {
                RunMissed::None => due.clear(),
                RunMissed::Latest => drop(due.drain(..due.len().saturating_sub(1))),
                RunMissed::All => {}
            }
            if due.len() > RESUMED {
                let message =
                    format!("the pause skipped {} firings; resume without them, and use `backfill`", due.len());
                return Err(StoreError::Refused(message));
            }
            transaction.execute(include_str!("sql/job_resume.sql"), &[&job]).await.map_err(database(DOING))?;
            let params = defaults(transaction, job).await?;
            let later = Later { due, params, in_order: true };
            let made = run_later(transaction, job, &later, Trigger::Schedule, Reason::Resumed).await?;
            Ok(Some(made.into_iter().map(|(_, run)| run).collect()))
        })
        .await
    }

    /// Makes runs for due times of a job that did not run, and says for which.
    pub async fn backfill(&self, job: &str, later: &Later) -> Result<Vec<(DateTime<Utc>, RunId)>, StoreError> {
        const DOING: &str = "making runs for the past";
        let mut made = Vec::new();
        for due in later.due.chunks(RUNS) {
            let part = Later { due: due.to_vec(), ..later.clone() };
            let more = self
                .transaction(DOING, async |transaction| {
                    // Whoever plans the job may be about to enter the same due times.
                    transaction.query_opt(include_str!("sql/job_hold.sql"), &[&job]).await.map_err(database(DOING))?;
                    run_later(transaction, job, &part, Trigger::Backfill, Reason::Backfill).await
                })
                .await?;
            made.extend(more);
        }
        Ok(made)
    }

    /// Removes firings that were due longer ago than that, a limited number at a time. Returns how many.
    pub async fn remove_old_firings(&self, keep: std::time::Duration) -> Result<u64, StoreError> {
        const DOING: &str = "removing old firings";
        self.call(DOING, async |connection| {
            let removed = connection.execute(include_str!("sql/firing_remove_old.sql"), &[&keep.as_secs_f64()]).await;
            removed.map_err(database(DOING))
        })
        .await
    }

    /// Plans a job until all of its due times are in the ledger.
    async fn plan_all(&self, job: &str) -> Result<(), StoreError> {
        loop {
            let planned = self.plan_jobs(&[job.to_owned()], None).await?;
            let Some(now) = planned.now else { return Ok(()) };
            if !planned.jobs.iter().any(|job| job.next.is_some_and(|next| next <= now)) {
                return Ok(());
            }
        }
    }
}

/// The defaults of a job's parameters.
async fn defaults(
    transaction: &Transaction<'_>,
    job: &str,
) -> Result<std::collections::BTreeMap<String, String>, StoreError> {
    const DOING: &str = "reading a job";
    let row = transaction.query_opt(include_str!("sql/job_read.sql"), &[&job]).await.map_err(database(DOING))?;
    let Some(row) = row else { return Ok(std::collections::BTreeMap::new()) };
    let params = super::definition::stored(&row, DOING)?.definition.job.params;
    Ok(params.into_iter().filter_map(|param| Some((param.name, param.default?))).collect())
}

/// Makes runs for due times that have none.
async fn run_later(
    transaction: &Transaction<'_>,
    job: &str,
    later: &Later,
    trigger: Trigger,
    reason: Reason,
) -> Result<Vec<(DateTime<Utc>, RunId)>, StoreError> {
    const DOING: &str = "making runs for the past";
    if later.due.is_empty() {
        return Ok(Vec::new());
    }
    let runs: Vec<uuid::Uuid> = later.due.iter().map(|_| uuid::Uuid::now_v7()).collect();
    let rows = transaction
        .query(
            include_str!("sql/firing_run_later.sql"),
            &[&job, &later.due, &runs, &reason.label(), &trigger.label(), &Json(&later.params), &later.in_order],
        )
        .await
        .map_err(database(DOING))?;
    if !rows.is_empty() {
        Wake::Work.notify(transaction).await.map_err(database(DOING))?;
    }
    Ok(rows.iter().map(|row| (row.get("scheduled_for"), RunId(row.get("run")))).collect())
}

fn firing_row(row: &Row) -> FiringRow {
    FiringRow {
        scheduled_for: row.get("scheduled_for"),
        state: row.get("state"),
        reason: row.get("reason"),
        noticed_at: row.get("noticed_at"),
        run: row.get::<_, Option<uuid::Uuid>>("run").map(RunId),
    }
}

//! Runs for due times of the past that have none: of a stretch that somebody names, or of a pause.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio_postgres::types::Json;

use super::audit::{Act, Actor, add, note};
use super::connection::Transaction;
use super::error::StoreError;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::firing::Reason;
use crate::domain::ids::RunId;
use crate::domain::params;
use crate::domain::run::Trigger;

/// Runs made in one transaction.
const RUNS: usize = 500;

/// Runs to be made for due times of a job that have none.
#[derive(Clone, Debug)]
pub struct Later {
    /// The due times, in the order in which they are to run.
    pub due: Vec<DateTime<Utc>>,
    /// Parameters of the runs, defaults filled in.
    pub params: BTreeMap<String, String>,
    /// Whether they run one after the other.
    pub in_order: bool,
}

impl Store {
    /// Makes runs for due times of a job that did not run, and says for which. The entry of who did it counts those that
    /// were made, also if not all can be.
    pub async fn backfill(
        &self,
        actor: &Actor,
        job: &str,
        later: &Later,
    ) -> Result<Vec<(DateTime<Utc>, RunId)>, StoreError> {
        const DOING: &str = "making runs for the past";
        let (mut made, mut entry) = (Vec::new(), None);
        for due in later.due.chunks(RUNS) {
            let part = Later { due: due.to_vec(), params: later.params.clone(), in_order: later.in_order };
            let so_far = made.len();
            let (more, noted) = self
                .transaction(DOING, async |transaction| {
                    // Whoever plans the job may be about to enter the same due times.
                    let held = transaction.query_opt(include_str!("sql/job_hold.sql"), &[&job]).await;
                    if held.map_err(database(DOING))?.is_none() {
                        return Err(StoreError::Refused(format!("there is no job `{job}`")));
                    }
                    let more = run_later(transaction, job, &part, Trigger::Backfill, Reason::Backfill).await?;
                    let detail = json!({"runs": so_far + more.len()});
                    let noted = if let Some(entry) = entry {
                        add(transaction, entry, &detail).await.map(|()| entry)?
                    } else {
                        let act = Act { action: "backfill", job: Some(job), run: None, detail };
                        note(transaction, actor, &act).await?
                    };
                    Ok((more, noted))
                })
                .await?;
            made.extend(more);
            entry = Some(noted);
        }
        Ok(made)
    }
}

/// The defaults of a job's parameters.
pub(super) async fn defaults(transaction: &Transaction<'_>, job: &str) -> Result<BTreeMap<String, String>, StoreError> {
    const DOING: &str = "reading a job";
    let row = transaction.query_opt(include_str!("sql/job_read.sql"), &[&job]).await.map_err(database(DOING))?;
    let Some(row) = row else { return Ok(BTreeMap::new()) };
    Ok(params::defaults(super::definition::stored(&row, DOING)?.definition.job.params))
}

/// Makes runs for due times that have none.
pub(super) async fn run_later(
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

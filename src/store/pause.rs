//! Pausing a job, and the end of a pause.
//!
//! A pause skips firings; each of them is in the ledger with that reason, also those that came due while no daemon was
//! up. Only who ends the pause can have them run after all.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::audit::{Act, Actor, note};
use super::backfill::{Later, defaults, run_later};
use super::error::StoreError;
use super::planning::plan;
use super::pool::{Store, database};
use crate::domain::firing::Reason;
use crate::domain::ids::RunId;
use crate::domain::run::Trigger;

/// Runs that the end of a pause makes at most: they are made in the transaction that ends it.
const RESUMED: usize = 5000;

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

impl RunMissed {
    /// The stable word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Latest => "latest",
            Self::All => "all",
        }
    }
}

impl Store {
    /// Pauses a job: from now on its firings are skipped; the others are told who did it and why. Said again, the later
    /// words count, and the first time. Says whether there is such a job.
    pub async fn pause(&self, actor: &Actor, job: &str, why: Option<&str>) -> Result<bool, StoreError> {
        const DOING: &str = "pausing a job";
        self.transaction(DOING, async |transaction| {
            let changed = transaction.execute(include_str!("sql/job_pause.sql"), &[&job, &actor.name, &why]).await;
            if changed.map_err(database(DOING))? == 0 {
                return Ok(false);
            }
            let detail = why.map_or_else(|| json!({}), |why| json!({"note": why}));
            note(transaction, actor, &Act { action: "pause", job: Some(job), run: None, detail }).await?;
            Ok(true)
        })
        .await
    }

    /// Ends a job's pause, and makes runs for firings that it skipped, if that is asked for. Returns them; `None` if
    /// there is no such job.
    pub async fn resume(
        &self,
        actor: &Actor,
        job: &str,
        run_missed: RunMissed,
    ) -> Result<Option<Vec<RunId>>, StoreError> {
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
            let detail = json!({"run_missed": run_missed.label(), "runs": made.len()});
            note(transaction, actor, &Act { action: "resume", job: Some(job), run: None, detail }).await?;
            Ok(Some(made.into_iter().map(|(_, run)| run).collect()))
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

//! Notices firings: sleeps until the next due time, enters it into the ledger, makes its run.
//!
//! The times in memory are an optimisation, the ledger is the truth: every minute, and whenever jobs change, all jobs
//! are looked at again, which also covers an outage, a clock step and a hint that got lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::shared::Shared;
use crate::domain::state::FiringState;
use crate::store::StoreError;

/// How often all jobs are looked at. Also the longest that a clock step can go unnoticed.
const RECONCILE_EVERY: Duration = Duration::from_mins(1);

/// The noticer of firings.
pub(super) struct Planner {
    pub(super) shared: Arc<Shared>,
    /// Changes when jobs were loaded.
    pub(super) jobs_changed: watch::Receiver<u64>,
    /// Jobs at the last look, so that one that is gone is noticed.
    pub(super) jobs: BTreeSet<String>,
}

impl Planner {
    /// Works until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            self.jobs_changed.mark_unchanged();
            let mut due = match self.reconcile().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::error!(error = %error, "firings can't be planned; trying again");
                    tokio::time::sleep(RECONCILE_EVERY / 10).await;
                    continue;
                }
            };
            let until = tokio::time::Instant::now() + RECONCILE_EVERY;
            while let Some((at, job)) = due.first().cloned() {
                let pause = (at - self.shared.clock.now()).to_std().unwrap_or_default();
                tokio::select! {
                    () = tokio::time::sleep_until(until) => break,
                    _ = self.jobs_changed.changed() => break,
                    () = tokio::time::sleep(pause) => {}
                }
                due.pop_first();
                if let Err(error) = self.plan(&job, &mut due).await {
                    tracing::error!(job.name = %job, error = %error, "a firing can't be planned; trying again");
                    break;
                }
            }
            if due.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    _ = self.jobs_changed.changed() => {}
                }
            }
        }
    }

    /// Plans every job whose due times aren't all in the ledger, and says when each is due next.
    async fn reconcile(&mut self) -> Result<BTreeSet<(DateTime<Utc>, String)>, StoreError> {
        self.show_jobs().await?;
        let shared = &self.shared;
        let mut due = BTreeSet::new();
        for planned in shared.until_answered(|| shared.store.planned()).await? {
            match planned.schedule.next_after(planned.through) {
                Ok(Some(next)) if next <= shared.clock.now() => self.plan(&planned.job, &mut due).await?,
                Ok(Some(next)) => {
                    shared.metrics.next_run(&planned.job, Some(next));
                    due.insert((next, planned.job));
                }
                Ok(None) => {}
                Err(error) => tracing::error!(job.name = %planned.job, error = %error, "the schedule can't be read"),
            }
        }
        Ok(due)
    }

    /// Shows each job's last success, whichever daemon had it, and forgets jobs that are gone.
    async fn show_jobs(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let jobs = shared.until_answered(|| shared.store.last_successes()).await?;
        for (job, ended) in &jobs {
            if let Some(ended) = ended {
                shared.metrics.last_success(job, *ended);
            }
        }
        let now: BTreeSet<String> = jobs.into_iter().map(|(job, _)| job).collect();
        for gone in self.jobs.difference(&now) {
            shared.metrics.job_retired(gone);
        }
        self.jobs = now;
        Ok(())
    }

    /// Enters a job's due times into the ledger and notes its next one.
    async fn plan(&self, job: &str, due: &mut BTreeSet<(DateTime<Utc>, String)>) -> Result<(), StoreError> {
        let shared = &self.shared;
        let entered = shared.until_answered(|| shared.store.plan_job(job)).await?;
        for (firing, late) in entered.firings {
            shared.metrics.firing(job, firing.state);
            // What was missed says how long nobody was there, not how quick this daemon is.
            if firing.state == FiringState::Ran {
                shared.metrics.fire_lag(late.to_std().unwrap_or_default());
            }
            tracing::info!(job.name = %job, scheduled_for = %firing.scheduled_for, state = firing.state.label(),
                reason = firing.reason, "firing");
        }
        shared.metrics.next_run(job, entered.next);
        if let Some(next) = entered.next {
            due.insert((next, job.to_owned()));
        }
        Ok(())
    }
}

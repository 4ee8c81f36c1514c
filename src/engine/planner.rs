//! Notices firings: sleeps until the next due time, enters it into the ledger, makes its run.
//!
//! ```text
//!   all jobs' next due times ──► heap ──► sleeper ──► all that are due now, in one transaction ──► ledger, runs
//!        ▲ every minute, after a change of jobs, after an outage, when the clock was set
//! ```
//!
//! The times in memory are an optimisation, the ledger is the truth: each of those looks compares all jobs with the
//! clock, which also covers a hint that got lost. Jobs that are due together are planned together, because a thousand
//! jobs like to be due at the same second.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::clock::{ClockWatch, local};
use super::shared::Shared;
use crate::domain::firing::Reason;
use crate::domain::state::FiringState;
use crate::store::StoreError;

/// How often all jobs are looked at.
const RECONCILE_EVERY: Duration = Duration::from_mins(1);

/// How often the clock is compared with the time that has really passed: the longest that a clock step, or a machine's
/// sleep, goes unnoticed.
const CLOCK_EVERY: Duration = Duration::from_secs(1);

/// How often last ends are read, which other daemons may have had: a question about each job's runs.
const ENDS_EVERY: Duration = Duration::from_mins(5);

/// Jobs planned in one transaction. More would keep the first of them waiting for the last.
const JOBS_AT_ONCE: usize = 250;

/// Timers count in milliseconds and may be early by one against the database's clock; a look that comes too early is a
/// call for nothing.
const MARGIN: Duration = Duration::from_millis(2);

/// An error of our estimate of the database's clock that is put right at once. Heartbeats see to smaller ones.
const FAR_OFF: TimeDelta = TimeDelta::seconds(1);

/// The noticer of firings.
pub(super) struct Planner {
    shared: Arc<Shared>,
    /// Changes when jobs were loaded.
    jobs_changed: watch::Receiver<u64>,
    /// Jobs at the last look, so that one that is gone is noticed.
    jobs: BTreeSet<String>,
    /// When each job is due next.
    due: BTreeSet<(DateTime<Utc>, String)>,
    /// When last ends were read.
    ends_at: Option<Instant>,
    clock: ClockWatch,
}

/// Why the planner woke up.
enum Woken {
    /// Something may be due.
    Due,
    /// All jobs are to be looked at.
    Look,
}

impl Planner {
    /// A planner that hears of changes here.
    pub(super) fn new(shared: Arc<Shared>, jobs_changed: watch::Receiver<u64>) -> Self {
        Self {
            shared,
            jobs_changed,
            jobs: BTreeSet::new(),
            due: BTreeSet::new(),
            ends_at: None,
            clock: ClockWatch::new(local(), Instant::now()),
        }
    }

    /// Works until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            self.jobs_changed.mark_unchanged();
            if let Err(error) = self.reconcile().await {
                tracing::error!(error = %error, "firings can't be planned; trying again");
                tokio::time::sleep(RECONCILE_EVERY / 10).await;
                continue;
            }
            let until = tokio::time::Instant::now() + RECONCILE_EVERY;
            while matches!(self.wait(until).await, Woken::Due) {
                if let Err(error) = self.plan_due().await {
                    tracing::error!(error = %error, "firings can't be planned; trying again");
                    tokio::time::sleep(RECONCILE_EVERY / 10).await;
                    break;
                }
            }
        }
    }

    /// Waits for the next due time, or for a reason to look at all jobs.
    async fn wait(&mut self, until: tokio::time::Instant) -> Woken {
        loop {
            // Before each wait: where something is due every second, no wait comes to its end.
            if let Some(step) = self.clock.stepped(local(), Instant::now()) {
                tracing::warn!(
                    step_s = step.as_seconds_f64(),
                    "the clock was set, or the machine slept; looking at all jobs"
                );
                if step < TimeDelta::zero() {
                    self.shared.clock_set_back.notify_one();
                }
                return Woken::Look;
            }
            let now = self.shared.clock.now();
            let next = self.due.first().map(|(at, _)| (*at - now).to_std().unwrap_or_default() + MARGIN);
            // A timer for years ahead is none: the clock's look comes first.
            let next = next.filter(|next| *next <= CLOCK_EVERY);
            tokio::select! {
                () = tokio::time::sleep_until(until) => return Woken::Look,
                _ = self.jobs_changed.changed() => return Woken::Look,
                () = tokio::time::sleep(next.unwrap_or(CLOCK_EVERY)), if next.is_some() => return Woken::Due,
                () = tokio::time::sleep(CLOCK_EVERY) => {}
            }
        }
    }

    /// Compares all jobs with the clock, plans those whose due times aren't all in the ledger, and notes when each is due
    /// next.
    async fn reconcile(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let (jobs, now) = shared.until_answered(|| shared.store.upcoming()).await?;
        if let Some(now) = now
            && (now - shared.clock.now()).abs() > FAR_OFF
        {
            shared.clock.correct(now);
        }
        self.show_jobs(jobs.iter().map(|job| job.job.clone()).collect()).await?;
        let now = shared.clock.now();
        self.due.clear();
        let mut behind = Vec::new();
        for job in jobs.into_iter().filter(|job| job.scheduled) {
            match job.next {
                Some(next) if next > now => {
                    shared.metrics.next_run(&job.job, Some(next));
                    self.due.insert((next, job.job));
                }
                _ => behind.push(job.job),
            }
        }
        for jobs in behind.chunks(JOBS_AT_ONCE) {
            self.plan(jobs).await?;
        }
        Ok(())
    }

    /// Shows each job's last success and failure, whichever daemon had them, and forgets jobs that are gone.
    async fn show_jobs(&mut self, now: BTreeSet<String>) -> Result<(), StoreError> {
        let shared = &self.shared;
        for gone in self.jobs.difference(&now) {
            shared.metrics.job_retired(gone);
        }
        if self.jobs != now || self.ends_at.is_none_or(|at| at.elapsed() >= ENDS_EVERY) {
            // Only shown: due times don't wait for it.
            let ends = shared.store.last_ends().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "how jobs ended last can't be read; trying again in a few minutes");
                Vec::new()
            });
            for last in ends {
                if let Some(ended) = last.success {
                    shared.metrics.last_success(&last.job, ended);
                }
                if let Some(ended) = last.failure {
                    shared.metrics.last_failure(&last.job, ended);
                }
            }
            self.ends_at = Some(Instant::now());
        }
        self.jobs = now;
        Ok(())
    }

    /// Plans the jobs that are due now.
    async fn plan_due(&mut self) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let mut jobs = Vec::new();
        while jobs.len() < JOBS_AT_ONCE
            && let Some((at, _)) = self.due.first()
            && *at <= now
        {
            jobs.extend(self.due.pop_first().map(|(_, job)| job));
        }
        if jobs.is_empty() { Ok(()) } else { self.plan(&jobs).await }
    }

    /// Enters jobs' due times into the ledger and notes their next ones.
    async fn plan(&mut self, jobs: &[String]) -> Result<(), StoreError> {
        let shared = &self.shared;
        let planned = shared.until_answered(|| shared.store.plan_jobs(jobs, None)).await?;
        let now = shared.clock.now();
        // Its clock may be behind what we took it for; then the same jobs are due again at once.
        if let Some(theirs) = planned.now.filter(|theirs| (*theirs - now).abs() > FAR_OFF) {
            shared.clock.correct(theirs);
        }
        for (job, why) in planned.unreadable {
            tracing::error!(job.name = %job, error = %why, "the schedule can't be read");
        }
        for planned in planned.jobs {
            let job = planned.job;
            for firing in planned.firings {
                shared.metrics.firing(&job, firing.state);
                // What was missed says how long nobody was there, not how quick this daemon is.
                if firing.state == FiringState::Ran {
                    shared.metrics.fire_lag((now - firing.scheduled_for).to_std().unwrap_or_default());
                }
                tracing::info!(job.name = %job, scheduled_for = %firing.scheduled_for, state = firing.state.label(),
                    reason = firing.reason.map(Reason::label), "firing");
            }
            shared.metrics.next_run(&job, planned.next);
            self.due.extend(planned.next.map(|next| (next, job)));
        }
        Ok(())
    }
}

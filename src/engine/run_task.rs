//! One run, from being claimed to its end: asks `domain::plan` what to do, does it, records what came of it.
//!
//! An attempt's end and the next one's start are one durable commit. What can't be recorded because the state database
//! is away waits in memory; what can't be recorded because the run is not ours any more is dropped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tracing::Instrument;

use super::attempt::{self, AttemptTask, Ended, Stop};
use super::event::Event;
use super::shared::Shared;
use crate::domain::failure::Failure;
use crate::domain::job::{Job, Step};
use crate::domain::plan::{Action, AttemptView, RunView, decide, time_left};
use crate::domain::run::RunLock;
use crate::domain::state::AttemptState;
use crate::store::{Claimed, StoreError, Write};
use crate::telemetry::logging::attempt_span;
use locks::Locks;

mod end;
mod locks;
mod sweep;
mod world;

/// A run that this daemon owns.
pub(super) struct RunTask {
    shared: Arc<Shared>,
    claimed: Claimed,
    view: RunView,
    outcomes: BTreeMap<String, serde_json::Value>,
    stop: watch::Receiver<Option<Stop>>,
    /// Facts that are to be recorded with the next commit.
    pending: Vec<Write>,
    started: Instant,
}

/// How a run's task came to its end.
enum Next {
    Go,
    Finished,
}

impl RunTask {
    /// A task for a claimed run.
    pub(super) fn new(shared: Arc<Shared>, claimed: Claimed, stop: watch::Receiver<Option<Stop>>) -> Self {
        let job = &claimed.job.definition.job;
        let outcomes = claimed
            .outcomes
            .iter()
            .filter_map(|(step, outcome)| Some((job.steps.get(*step)?.id.clone(), outcome.clone())))
            .collect();
        let view = RunView {
            id: claimed.id,
            steps: job.steps.iter().map(|step| step.retry.clone()).collect(),
            from_step: claimed.from_step,
            round: claimed.round,
            attempts: claimed.attempts.clone(),
            cancel_requested: claimed.cancel_requested,
            deadline: claimed.round_started_at.and_then(|at| deadline(job, at)),
            swept: Vec::new(),
        };
        Self { shared, claimed, view, outcomes, stop, pending: Vec::new(), started: Instant::now() }
    }

    /// Runs the run.
    pub(super) async fn run(mut self) {
        let (run, job) = (self.claimed.id, self.job().name.clone());
        tracing::info!("run claimed");
        if self.claimed.attempts.is_empty() {
            self.count_waits(&self.claimed.locks);
        }
        self.shared.tell(Event::RunStarted { run, job });
        loop {
            match self.advance().await {
                Ok(Next::Go) => {}
                Ok(Next::Finished) => break,
                Err(StoreError::NotOwner { .. }) => {
                    tracing::warn!("the run was given to another daemon; dropping it");
                    break;
                }
                Err(error) => {
                    // Not to be had by waiting: leave the run to whoever can read it, once the lease is gone.
                    tracing::error!(error = %error, "the run can't be recorded; giving it up");
                    break;
                }
            }
        }
    }

    fn job(&self) -> &Job {
        &self.claimed.job.definition.job
    }

    async fn advance(&mut self) -> Result<Next, StoreError> {
        if self.stop_reason() == Some(Stop::Cancel) {
            self.view.cancel_requested = true;
        }
        let now = self.shared.clock.now();
        let action = decide(&self.view, now);
        if self.claimed.begun && (self.stop_reason().is_some() || !matches!(action, Action::Start { .. })) {
            self.leave_begun();
        }
        match action {
            Action::Start { .. } | Action::Wait { .. } | Action::Sweep { .. }
                if self.stop_reason() == Some(Stop::Drain) =>
            {
                self.pending.push(Write::Requeue);
                self.flush().await?;
                tracing::info!("run given back to the queue");
                Ok(Next::Finished)
            }
            _ if self.stop_reason() == Some(Stop::Lost) => Ok(Next::Finished),
            Action::Start { step, number } => self.start(step, number).await,
            Action::Sweep { step } => self.sweep(step).await.map(|()| Next::Go),
            Action::Wait { until } => {
                self.flush().await?;
                self.wait(until, now).await;
                Ok(Next::Go)
            }
            // A claimed run has no running attempt: whoever gave it up marked it lost.
            Action::Attend => Err(StoreError::Refused("a claimed run has a running attempt".to_owned())),
            Action::End { state, failure } => self.end(state, failure).await.map(|()| Next::Finished),
        }
    }

    /// Closes the attempt that was recorded with the claim and will not be made.
    fn leave_begun(&mut self) {
        self.claimed.begun = false;
        let failure = match self.stop_reason() {
            Some(Stop::Drain) => attempt::drained(),
            _ => Failure::stopped(),
        };
        let state = AttemptState::Cancelled;
        self.pending.push(Write::End { step: 0, number: 1, state, outcome: None, failure: Some(Box::new(failure)) });
    }

    fn stop_reason(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    async fn wait(&mut self, until: DateTime<Utc>, now: DateTime<Utc>) {
        let pause = (until - now).to_std().unwrap_or_default();
        if let Some(step) = self.view.current_step().and_then(|step| self.job().steps.get(step)) {
            let (run, step) = (self.claimed.id, step.id.clone());
            tracing::info!(step.id = %step, pause_s = pause.as_secs_f64(), "retrying");
            self.shared.tell(Event::Retrying { run, step, pause });
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = attempt::stopped(&mut self.stop) => {}
        }
    }

    async fn start(&mut self, index: usize, number: u32) -> Result<Next, StoreError> {
        let Some(step) = self.job().steps.get(index).cloned() else {
            return Err(StoreError::Refused(format!("the job has no step number {index}")));
        };
        let locks = match self.step_locks(&step, index, number).await? {
            Locks::Held(locks) => Ok(locks),
            Locks::Refused(failure) => Err(failure),
            Locks::GaveWay => return Ok(Next::Finished),
        };
        if !std::mem::take(&mut self.claimed.begun) {
            self.pending.push(Write::Start { step: index, number });
        }
        let now = self.flush().await?;
        if self.view.deadline.is_none() {
            self.view.deadline = deadline(self.job(), now);
        }
        let began = Instant::now();
        let (run, kind) = (self.claimed.id, step.kind.label());
        self.shared.tell(Event::AttemptStarted { run, step: step.id.clone(), kind, number });
        let span = attempt_span(&self.job().name, run, &step.id, number);
        let ended = match locks {
            Ok(locks) => self.attempt(&step, index, number, &locks).instrument(span).await,
            Err(failure) => Ended { state: AttemptState::Failed, outcome: None, failure: Some(Box::new(failure)) },
        };
        self.settle(&step, index, number, ended, began.elapsed());
        Ok(Next::Go)
    }

    async fn attempt(&mut self, step: &Step, index: usize, number: u32, locks: &[RunLock]) -> Ended {
        let (context, host) = self.context(step, index, number, locks);
        let limit = time_left(step.timeout, self.view.deadline, self.shared.clock.now());
        let task = AttemptTask { shared: Arc::clone(&self.shared), context, host, step: step.clone(), limit };
        Box::pin(task.run(&mut self.stop)).await
    }

    /// Takes an attempt's end into the view and leaves it to be recorded with what follows.
    fn settle(&mut self, step: &Step, index: usize, number: u32, ended: Ended, took: Duration) {
        let Ended { state, outcome, failure } = ended;
        self.shared.metrics.attempt_ended(&self.job().name, &step.id, step.kind.label(), state, took);
        tracing::info!(step.id = %step.id, attempt = number, state = state.label(), duration_s = took.as_secs_f64(),
            "attempt ended");
        self.shared.tell(Event::AttemptEnded {
            run: self.claimed.id,
            step: step.id.clone(),
            number,
            state,
            outcome: outcome.clone(),
            failure: failure.clone(),
            took,
        });
        if let Some(outcome) = &outcome {
            self.outcomes.insert(step.id.clone(), serde_json::to_value(outcome).unwrap_or_default());
        }
        self.view.attempts.push(AttemptView {
            step: index,
            number,
            round: self.view.round,
            state,
            ended_at: Some(self.shared.clock.now()),
            failure: failure.as_deref().cloned(),
        });
        self.pending.push(Write::End { step: index, number, state, outcome, failure });
        if !step.locks.is_empty() && state == AttemptState::Succeeded {
            self.pending.push(Write::ReleaseStep { step: index });
        }
    }

    /// Records what is pending, however long that takes. Returns the database's time.
    async fn flush(&mut self) -> Result<DateTime<Utc>, StoreError> {
        if self.pending.is_empty() {
            return Ok(self.shared.clock.now());
        }
        let (shared, run) = (Arc::clone(&self.shared), self.claimed.id);
        let writes = std::mem::take(&mut self.pending);
        let now = shared.until_answered(|| shared.store.record(shared.me.id, run, &writes)).await?;
        shared.clock.correct(now);
        Ok(now)
    }
}

fn deadline(job: &Job, round_started: DateTime<Utc>) -> Option<DateTime<Utc>> {
    round_started.checked_add_signed(TimeDelta::from_std(job.timeout?).ok()?)
}

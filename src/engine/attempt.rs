//! One attempt of a step: it ends by itself, or is asked to stop and given time to clean up.
//!
//! The step runs as a task of its own, so a panic fails this attempt and nothing else. Why it was stopped is known
//! here and nowhere in the step.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use super::attempt_log::AttemptLog;
use super::host::AttemptHost;
use super::progress::Newest;
use super::shared::Shared;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::domain::job::Step;
use crate::domain::outcome::Outcome;
use crate::domain::state::AttemptState;
use crate::steps::{self, Host, Level, StepContext, StopSignal};

/// How long a step may take to clean up after it was asked to stop: PostgreSQL is asked to cancel, then to terminate,
/// and both are waited for. A step that takes longer has a defect; it is dropped and the next attempt sweeps.
const CLEAN_UP: Duration = Duration::from_mins(1);

/// Why a run is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody cancelled the run.
    Cancel,
    /// The daemon stops; the run goes back to the queue.
    Drain,
    /// The run isn't ours any more.
    Lost,
}

/// Why an attempt was asked to stop.
#[derive(Clone, Copy)]
enum Reason {
    Timeout(Duration),
    Run(Stop),
}

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) state: AttemptState,
    pub(super) outcome: Option<Box<Outcome>>,
    pub(super) failure: Option<Box<Failure>>,
}

/// Everything that one attempt needs.
pub(super) struct AttemptTask {
    pub(super) shared: Arc<Shared>,
    pub(super) context: StepContext,
    pub(super) host: Arc<AttemptHost>,
    pub(super) step: Step,
    /// The step's timeout or what is left of the run's.
    pub(super) limit: Option<Duration>,
}

/// Opens the log and makes the host of an attempt.
pub(super) fn host(
    shared: &Arc<Shared>,
    context: (&str, crate::domain::ids::RunId, usize, u32),
    step_id: &str,
) -> Arc<AttemptHost> {
    let (job, run, step_index, number) = context;
    let (log, opened) = AttemptLog::open(&shared.settings.logs, run, step_index, number);
    if let Err(error) = opened {
        tracing::warn!(%error, "the attempt's log can't be written; the attempt goes on without");
    }
    Arc::new(AttemptHost {
        shared: Arc::clone(shared),
        run,
        job: job.to_owned(),
        step_index,
        step_id: step_id.to_owned(),
        number,
        log,
        newest: Newest::none(),
    })
}

impl AttemptTask {
    /// Runs the attempt to its end. `stop` says when the run should stop.
    pub(super) async fn run(self, stop: &mut watch::Receiver<Option<Stop>>) -> Ended {
        let (kind, context) = (self.step.kind.clone(), self.context.clone());
        let host = Arc::clone(&self.host);
        let ended = self.supervise(async move { steps::run(&kind, &context).await }, stop).await;
        host.record_last_progress(ended.failure.is_some()).await;
        ended
    }

    /// Runs the step's work as a task of its own, until it ends or should.
    async fn supervise(
        self,
        work: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
        stop: &mut watch::Receiver<Option<Stop>>,
    ) -> Ended {
        let signal = self.context.stop.clone();
        let mut task = JoinSet::new();
        task.spawn(work.instrument(tracing::Span::current()));

        let host = Arc::clone(&self.host);
        let ended = async {
            tokio::select! {
                joined = task.join_next() => joined,
                // It goes on for as long as the step does.
                () = host.record_progress() => std::future::pending().await,
            }
        };
        let reason = tokio::select! {
            joined = ended => return self.settle(None, joined),
            () = limit(self.limit) => Reason::Timeout(self.limit.unwrap_or_default()),
            stop = stopped(stop) => Reason::Run(stop),
        };
        self.say_why(reason);
        signal.cancel();
        if let Ok(joined) = tokio::time::timeout(CLEAN_UP, task.join_next()).await {
            return self.settle(Some(reason), joined);
        }
        self.host.log(Level::Error, "the step did not stop in time; it is dropped, and the next attempt cleans up");
        task.shutdown().await;
        self.settle(Some(reason), None)
    }

    fn say_why(&self, reason: Reason) {
        let why = match reason {
            Reason::Timeout(limit) => format!("stopping: the timeout of {} is over", humantime::format_duration(limit)),
            Reason::Run(Stop::Cancel) => "stopping: the run was cancelled".to_owned(),
            Reason::Run(Stop::Drain) => "stopping: the daemon stops".to_owned(),
            Reason::Run(Stop::Lost) => "stopping: the run is not this daemon's any more".to_owned(),
        };
        self.host.log(Level::Warn, &why);
    }

    fn settle(&self, reason: Option<Reason>, joined: Option<Result<Result<Outcome, Failure>, JoinError>>) -> Ended {
        let ended = match joined {
            Some(Ok(Ok(outcome))) => {
                return Ended { state: AttemptState::Succeeded, outcome: Some(Box::new(outcome)), failure: None };
            }
            Some(Ok(Err(failure))) => failure,
            Some(Err(error)) if error.is_panic() => Failure::bug(panic_message(error)),
            Some(Err(_)) | None => Failure::stopped(),
        };
        // A step that failed by itself while it was being stopped says more than that it was stopped.
        let (state, failure) = match reason {
            Some(reason) if is_a_stop(&ended) => explain(reason, ended),
            _ if ended.class == FailureClass::Cancelled => (AttemptState::Cancelled, ended),
            _ => (AttemptState::Failed, ended),
        };
        let failure = self.shared.masker.failure(failure);
        self.host.log(Level::Error, &format!("{} {}", failure.code, failure.message));
        Ended { state, outcome: None, failure: Some(Box::new(failure)) }
    }
}

/// Whether a step that was asked to stop ended for that. A cancel request may reach the server when the statement that it
/// was meant for is over, and then ends the next one: that one was cancelled by nobody else.
fn is_a_stop(ended: &Failure) -> bool {
    ended.class == FailureClass::Cancelled || ended.code == Code::PostgresCancelled
}

/// State and failure of an attempt that was stopped for a reason.
fn explain(reason: Reason, ended: Failure) -> (AttemptState, Failure) {
    let failure = |code, class, message: &str| Failure::new(code, class, Side::Internal, message);
    match reason {
        Reason::Timeout(limit) => {
            let message = format!("took longer than its timeout of {}", humantime::format_duration(limit));
            (AttemptState::TimedOut, failure(Code::TimedOut, FailureClass::Timeout, &message))
        }
        Reason::Run(Stop::Cancel) => {
            (AttemptState::Cancelled, failure(Code::Cancelled, FailureClass::Cancelled, "the run was cancelled"))
        }
        Reason::Run(Stop::Drain) => (AttemptState::Cancelled, drained()),
        Reason::Run(Stop::Lost) => (AttemptState::Cancelled, ended),
    }
}

/// The failure of an attempt that a drain ended: it costs the run nothing.
pub(super) fn drained() -> Failure {
    Failure::new(Code::Drained, FailureClass::Cancelled, Side::Internal, "the daemon was stopped")
}

fn panic_message(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the step panicked: {text}")
}

async fn limit(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Waits until the run should stop.
pub(super) async fn stopped(stop: &mut watch::Receiver<Option<Stop>>) -> Stop {
    match stop.wait_for(Option::is_some).await {
        Ok(reason) => reason.unwrap_or(Stop::Drain),
        // The dispatcher is gone; it takes its runs with it.
        Err(_) => Stop::Drain,
    }
}

/// A fresh signal for one attempt.
pub(super) fn signal() -> StopSignal {
    StopSignal::new()
}

#[cfg(test)]
mod tests;

//! The next action of a run, decided from what is recorded and from the time alone.
//!
//! Retry, timeout, cancel, recovery and `retry --from` are all this one function. The engine performs what it says and
//! records what came of it; it decides nothing. Properties kept, and tested without a database: it always ends, never
//! skips a step, never runs a finished step again within a round, never exceeds a budget.
//!
//! A *round* is one go at the run: the first, and one more for each `retry` of a finished run. Budgets are per round.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::code::Code;
use super::failure::{Failure, FailureClass, Side};
use super::ids::RunId;
use super::retry::{LOST_ATTEMPTS, RetryPolicy};
use super::state::{AttemptState, RunState};

/// A run as far as a decision needs it.
#[derive(Clone, Debug)]
pub struct RunView {
    /// The run; the source of its jitter, so that a decision made twice is the same.
    pub id: RunId,
    /// The retry policy of each step, in order.
    pub steps: Vec<RetryPolicy>,
    /// The first step of this round.
    pub from_step: usize,
    /// The round, from one.
    pub round: u32,
    /// Every attempt of every round, in the order they started.
    pub attempts: Vec<AttemptView>,
    /// Whether somebody asked for its end.
    pub cancel_requested: bool,
    /// The instant at which this round's time is up.
    pub deadline: Option<DateTime<Utc>>,
    /// Steps of which it is known that nothing is at work any more, whatever their attempts left.
    pub swept: Vec<usize>,
}

/// An attempt as far as a decision needs it.
#[derive(Clone, Debug)]
pub struct AttemptView {
    /// The step's place, from zero.
    pub step: usize,
    /// Counted from one within the step, over all rounds.
    pub number: u32,
    /// The round it belongs to.
    pub round: u32,
    /// Its state.
    pub state: AttemptState,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What went wrong.
    pub failure: Option<Failure>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Start this attempt now.
    Start {
        /// The step's place, from zero.
        step: usize,
        /// The attempt's number.
        number: u32,
    },
    /// Nothing until then, or until the view changes.
    Wait {
        /// When to ask again.
        until: DateTime<Utc>,
    },
    /// An attempt is running; ask again when it has ended.
    Attend,
    /// Make sure that nothing is at work any more of what earlier attempts of a step left; then ask again.
    Sweep {
        /// The step's place, from zero.
        step: usize,
    },
    /// End the run.
    End {
        /// Its final state.
        state: RunState,
        /// Why, where the reason is not an attempt's failure.
        failure: Option<Failure>,
    },
}

/// Says what to do next with a run at the time `now`.
pub fn decide(run: &RunView, now: DateTime<Utc>) -> Action {
    match next(run, now) {
        // Its end frees its locks, and whoever gets them must find nothing of it at work.
        end @ Action::End { .. } => run.unswept().map_or(end, |step| Action::Sweep { step }),
        action => action,
    }
}

fn next(run: &RunView, now: DateTime<Utc>) -> Action {
    if run.attempts.iter().any(|attempt| attempt.state == AttemptState::Running) {
        return Action::Attend;
    }
    let Some(step) = run.current_step() else {
        return Action::End { state: RunState::Succeeded, failure: None };
    };
    if run.cancel_requested {
        return Action::End { state: RunState::Cancelled, failure: None };
    }
    if run.deadline.is_some_and(|deadline| deadline <= now) {
        return Action::End { state: RunState::Failed, failure: Some(run_timed_out()) };
    }
    let start = Action::Start { step, number: run.next_number(step) };
    let Some(last) = run.of_round(step).last() else { return start };
    match last.state {
        AttemptState::Lost if run.count(step, AttemptState::Lost) >= LOST_ATTEMPTS => {
            Action::End { state: RunState::Failed, failure: Some(lost_too_often()) }
        }
        AttemptState::Failed | AttemptState::TimedOut => match run.retry_at(step, last) {
            Some(at) if at <= now => start,
            Some(at) => Action::Wait { until: run.deadline.map_or(at, |deadline| deadline.min(at)) },
            None => Action::End { state: RunState::Failed, failure: None },
        },
        // Lost within its budget, or given back by a drain: both cost the user's budget nothing.
        _ => start,
    }
}

impl RunView {
    /// The first step of this round that has not succeeded; `None` when all have.
    pub fn current_step(&self) -> Option<usize> {
        (self.from_step..self.steps.len())
            .find(|step| !self.of_round(*step).any(|attempt| attempt.state == AttemptState::Succeeded))
    }

    /// When the step is tried again after its last attempt; `None` if it isn't.
    pub fn retry_at(&self, step: usize, last: &AttemptView) -> Option<DateTime<Utc>> {
        let made = self.count(step, AttemptState::Failed) + self.count(step, AttemptState::TimedOut);
        let unknown = Failure::bug("an attempt failed without saying why");
        let failure = last.failure.as_ref().unwrap_or(&unknown);
        let pause = self.steps.get(step)?.pause(made, failure, self.chance(step, last.number))?;
        let ended = last.ended_at?;
        ended
            .checked_add_signed(TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX))
            .or(Some(DateTime::<Utc>::MAX_UTC))
    }

    /// A step whose attempts may have left something at work: one was lost with its daemon or given back by a drain. A later
    /// attempt has swept where it wrote, but not where it only read, and perhaps it never came so far.
    fn unswept(&self) -> Option<usize> {
        let drained = |failure: &Failure| failure.code == Code::Drained;
        let left = |attempt: &&AttemptView| match attempt.state {
            AttemptState::Lost => true,
            AttemptState::Cancelled => attempt.failure.as_ref().is_some_and(drained),
            _ => false,
        };
        let of_round = self.attempts.iter().filter(|attempt| attempt.round == self.round);
        of_round.filter(left).map(|attempt| attempt.step).find(|step| !self.swept.contains(step))
    }

    /// This round's attempts of a step, oldest first.
    fn of_round(&self, step: usize) -> impl Iterator<Item = &AttemptView> {
        self.attempts.iter().filter(move |attempt| attempt.step == step && attempt.round == self.round)
    }

    fn count(&self, step: usize, state: AttemptState) -> u32 {
        u32::try_from(self.of_round(step).filter(|attempt| attempt.state == state).count()).unwrap_or(u32::MAX)
    }

    fn next_number(&self, step: usize) -> u32 {
        self.attempts.iter().filter(|attempt| attempt.step == step).map(|attempt| attempt.number).max().unwrap_or(0) + 1
    }

    /// A number in 0..1 that is fixed for this attempt and differs between runs.
    fn chance(&self, step: usize, number: u32) -> f64 {
        let (_, random) = self.id.0.as_u64_pair();
        let mut mixed = random ^ (step as u64) << 32 ^ u64::from(number);
        // The finaliser of SplitMix64: every bit of the input moves every bit of the output.
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The upper 32 bits, so that the conversion is exact.
        f64::from(u32::try_from(mixed >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }
}

fn run_timed_out() -> Failure {
    Failure::new(Code::TimedOut, FailureClass::Timeout, Side::Internal, "the run took longer than the job's timeout")
}

fn lost_too_often() -> Failure {
    let message = format!("the daemon died {LOST_ATTEMPTS} times during this step");
    Failure::permanent(Code::Lost, Side::Internal, message)
        .with_hint("look for what kills the daemon: its log, the kernel's log, memory limits")
}

/// The earlier of a step's own time limit and what is left of the run's.
pub fn time_left(
    step_timeout: Option<Duration>,
    deadline: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<Duration> {
    let run = deadline.map(|deadline| (deadline - now).to_std().unwrap_or(Duration::ZERO));
    match (step_timeout, run) {
        (Some(step), Some(run)) => Some(step.min(run)),
        (step, run) => step.or(run),
    }
}

#[cfg(test)]
mod tests;

//! A run as it is recorded and as it is shown: the one JSON shape of `--json`, the API and event streams.
//!
//! Times are RFC 3339 in UTC, durations are seconds as numbers, absent means not applicable (design, section 3).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failure::Failure;
use super::ids::RunId;
use super::job::Job;
use super::outcome::Outcome;
use super::progress::Progress;
use super::state::{AttemptState, RunState, StepState};

/// Who or what started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A firing.
    Schedule,
    /// A person: `run`, `trigger`, API or UI.
    Manual,
    /// A step of another run.
    Step,
    /// A person, for due times of the past: `backfill`.
    Backfill,
}

impl Trigger {
    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Step => "step",
            Self::Backfill => "backfill",
        }
    }

    /// The trigger of that word.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Schedule, Self::Manual, Self::Step, Self::Backfill].into_iter().find(|trigger| trigger.label() == label)
    }
}

/// A run with its steps and attempts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its job's name.
    pub job: String,
    /// Its state.
    pub state: RunState,
    /// Who or what started it.
    pub trigger: Trigger,
    /// The due time it was made for; for other triggers the time it was made.
    pub scheduled_for: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its first attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// When somebody asked for its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// What it waits for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// Since when it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<DateTime<Utc>>,
    /// Why it ended, where the reason is not an attempt's failure: its time was up, its daemon died too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Its parameters, defaults filled in.
    pub params: BTreeMap<String, String>,
    /// Locks that it holds or held.
    pub locks: Vec<RunLock>,
    /// Steps in order.
    pub steps: Vec<RunStep>,
}

/// The class of a lock: its name up to the first slash. Capacities and metrics go by class, because a lock per account
/// makes names without bound.
pub fn lock_class(lock: &str) -> &str {
    lock.split_once('/').map_or(lock, |(class, _)| class)
}

/// A lock held by a run or by one of its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunLock {
    /// The lock's name, rendered.
    pub name: String,
    /// How long the run waited for it, in seconds.
    pub waited_s: f64,
    /// The fencing token: grows with each grant.
    pub token: i64,
    /// When it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<DateTime<Utc>>,
    /// The step that it is held for, counted from zero. Absent: it is held for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunStep {
    /// The step's id.
    pub id: String,
    /// Its kind, as in a job file.
    pub kind: String,
    /// Its state, derived.
    pub state: StepState,
    /// Its attempts in order.
    pub attempts: Vec<Attempt>,
}

/// An attempt of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Counted from one within the step, lost ones included.
    pub number: u32,
    /// Its state.
    pub state: AttemptState,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How far it is, as it last said; of one that has ended, how far it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What it has to say, if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What went wrong, if it didn't. `null` is written on purpose: readers look for it.
    #[serde(default)]
    pub failure: Option<Failure>,
}

impl Run {
    /// The failure that ended the run: its own, else that of its last attempt.
    pub fn cause(&self) -> Option<&Failure> {
        let last = self.steps.iter().rev().find_map(|step| step.attempts.last());
        self.failure.as_ref().or_else(|| last.and_then(|attempt| attempt.failure.as_ref()))
    }

    /// The place of the first step that did not succeed, where a retry begins by default; 0 if all did.
    pub fn first_unfinished(&self) -> usize {
        self.steps.iter().position(|step| step.state != StepState::Succeeded).unwrap_or(0)
    }

    /// The step and attempt that ended the run; `None` if it ended as a whole.
    pub fn failed_at(&self) -> Option<(&RunStep, &Attempt)> {
        if self.failure.is_some() { None } else { self.last_attempt() }
    }

    /// What was done about a failed run, in words.
    pub fn what_was_done(&self) -> String {
        let Some((step, _)) = self.last_attempt() else { return "nothing was started".to_owned() };
        let mut done = vec![match step.attempts.len() {
            1 => "the step was tried once".to_owned(),
            made => format!("the step was tried {made} times"),
        }];
        let lost = step.attempts.iter().filter(|attempt| attempt.state == AttemptState::Lost).count();
        if lost > 0 {
            done.push(format!("{lost} of these were lost with their daemon"));
        }
        if step.kind != "command" {
            done.push("what it had begun was undone".to_owned());
        }
        if !self.locks.is_empty() {
            let names: Vec<&str> = self.locks.iter().map(|lock| lock.name.as_str()).collect();
            done.push(format!("{} was freed", names.join(", ")));
        }
        done.join("; ")
    }

    fn last_attempt(&self) -> Option<(&RunStep, &Attempt)> {
        self.steps.iter().rev().find_map(|step| step.attempts.last().map(|attempt| (step, attempt)))
    }
}

/// A run's steps with their states, from what is recorded: attempts come with step and round, in order.
pub fn steps_of(
    job: &Job,
    run: RunState,
    round: u32,
    from_step: usize,
    attempts: Vec<(usize, u32, Attempt)>,
) -> Vec<RunStep> {
    let mut by_step: Vec<Vec<(u32, Attempt)>> = job.steps.iter().map(|_| Vec::new()).collect();
    for (step, round, attempt) in attempts {
        if let Some(of_step) = by_step.get_mut(step) {
            of_step.push((round, attempt));
        }
    }
    let steps = job.steps.iter().zip(by_step).enumerate();
    steps
        .map(|(index, (step, attempts))| {
            let last = if index < from_step {
                attempts.iter().rev().find(|(_, attempt)| attempt.state == AttemptState::Succeeded)
            } else {
                attempts.iter().rev().find(|(of_round, _)| *of_round == round)
            };
            RunStep {
                id: step.id.clone(),
                kind: step.kind.label().to_owned(),
                state: step_state(run, index < from_step, last.map(|(_, attempt)| attempt.state)),
                attempts: attempts.into_iter().map(|(_, attempt)| attempt).collect(),
            }
        })
        .collect()
}

/// A step's state, from its run's, whether this round starts after it, and its last attempt that counts.
const fn step_state(run: RunState, before_round: bool, last: Option<AttemptState>) -> StepState {
    match (last, run.is_final()) {
        (Some(AttemptState::Running), _) => StepState::Running,
        (Some(AttemptState::Succeeded), _) => StepState::Succeeded,
        (Some(_), false) => StepState::Retrying,
        (Some(AttemptState::Cancelled), true) => StepState::Cancelled,
        (Some(_), true) => StepState::Failed,
        (None, _) if before_round => StepState::Skipped,
        (None, true) => StepState::Skipped,
        (None, false) => StepState::Pending,
    }
}

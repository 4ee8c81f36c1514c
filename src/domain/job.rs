//! A job as it is run: resolved from its file, every value legal.
//!
//! Strings that may hold a template are kept as written (`Text`, `SqlText`) and rendered when the step starts, because
//! they may use what earlier steps report. A run keeps the definition it started with, so all of this is stored.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert::Notify;
use super::deadline::Deadline;
use super::retry::RetryPolicy;
use super::schedule::Schedule;
use super::step::StepKind;
use super::template::Text;

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name, unique among all jobs.
    pub name: String,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is due; `None`: only when somebody starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// What happens when it is due or started while its previous run is still going.
    pub overlap: Overlap,
    /// Parameters, in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Locks held for the whole run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Text>,
    /// Longest time for the whole run, from its first start. Waiting for locks doesn't count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The time of day by which what was due must have succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Who is told of what; `None`: as `windlass.yaml` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
    /// Steps, run in this order.
    pub steps: Vec<Step>,
}

impl Job {
    /// The job's time zone: its schedule's, else UTC.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.schedule.as_ref().map_or(chrono_tz::Tz::UTC, |schedule| schedule.zone)
    }

    /// Whether a step has locks of its own.
    pub fn steps_have_locks(&self) -> bool {
        self.steps.iter().any(|step| !step.locks.is_empty())
    }

    /// Whether a run holds locks, for all of its time or for a step's.
    pub fn has_locks(&self) -> bool {
        !self.locks.is_empty() || self.steps_have_locks()
    }

    /// The place of the step of that id.
    pub fn step_index(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }
}

/// What happens to a run that a schedule makes while an earlier run of the job is still going. Runs that a person or a
/// step starts don't wait for each other: that is what locks are for, and they can tell parameters apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It waits.
    #[default]
    Queue,
    /// The firing is recorded as skipped. A run that a person starts runs all the same.
    Skip,
    /// The previous run is cancelled.
    Cancel,
}

/// A parameter of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value when none is given; without one it must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id, unique in the job.
    pub id: String,
    /// Longest time for one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// When a failed attempt is tried again.
    pub retry: RetryPolicy,
    /// Locks held while this step runs, retries included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Text>,
    /// What it does.
    pub kind: StepKind,
}

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Pairs, RawNotify, RawRetry, RawSchedule, RawStep, Scalar};

/// A Windlass job: steps that run one after the other.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Job")]
pub(crate) struct RawJob {
    /// The job's name: letters, digits, `-`, `_`, `.`; at most 63 bytes. Unique among all jobs.
    #[schemars(required)]
    pub(crate) job: Option<String>,
    /// One line for people.
    pub(crate) description: Option<String>,
    /// When the job is due. Without it, it runs only when somebody starts it.
    pub(crate) schedule: Option<RawSchedule>,
    /// Parameters, in templates `{{ params.<name> }}`.
    pub(crate) params: Option<Pairs<RawParam>>,
    /// Locks held for the whole run. Templates may use `params` and `run`.
    pub(crate) locks: Option<Vec<String>>,
    /// Longest time for the whole run, waiting for locks not counted.
    pub(crate) timeout: Option<Length>,
    /// When a failed attempt is tried again; each step can change it key by key.
    pub(crate) retry: Option<RawRetry>,
    /// A time of day in the job's zone, as `07:30`: what was due before and has not succeeded by then is told.
    pub(crate) deadline: Option<String>,
    /// Who is told of what. Default: as windlass.yaml says.
    pub(crate) notify: Option<RawNotify>,
    /// Steps, run in this order.
    #[schemars(required)]
    pub(crate) steps: Option<Vec<RawStep>>,
}

/// A parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Param")]
pub(crate) struct RawParam {
    /// Its value when none is given. Without a default it must be given.
    pub(crate) default: Option<Scalar>,
    /// One line for people.
    pub(crate) description: Option<String>,
}

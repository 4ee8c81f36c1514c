//! One job, and its definition.

use axum::Json;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Named;
use crate::actions::{find, pause};
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::clock;
use crate::api::problem::Problem;
use crate::domain::job::Job;
use crate::store::{JobRow, StoredJob};

/// Due times that are shown.
const SHOWN: usize = 10;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobDetail)]
pub(super) struct Shown {
    /// What the list says of it.
    #[serde(flatten)]
    row: JobRow,
    /// The zone that its schedule is read in.
    zone: String,
    /// Its next due times.
    next_due: Vec<Due>,
    /// Its parameters, in the order of the file.
    params: Vec<Param>,
    /// Its steps, in their order.
    steps: Vec<StepName>,
    /// What tells its definition from every other.
    definition: String,
}

/// A due time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Due {
    /// When.
    at: DateTime<Utc>,
    /// The same in the job's zone.
    local: String,
}

/// A parameter.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Param {
    /// Its name.
    name: String,
    /// Its value where none is given; absent: one must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// A step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepName {
    /// Its id.
    id: String,
    /// Its kind.
    kind: String,
}

/// A job's definition.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Definition {
    /// What tells it from every other.
    hash: String,
    /// The file as written.
    source: String,
    /// The file's folder: where relative paths start.
    base: String,
    /// The job as it is run, resolved from the file. Its shape follows the version.
    #[schema(value_type = Object)]
    job: Job,
}

impl From<StoredJob> for Definition {
    fn from(stored: StoredJob) -> Self {
        let base = stored.definition.base.display().to_string();
        Self { hash: stored.hash, source: stored.definition.source, base, job: stored.definition.job }
    }
}

/// Shows a job
///
/// A job with its schedule, next due times, parameters and steps.
#[utoipa::path(get, operation_id = "show_job", path = "/jobs/{job}", tag = "jobs", params(("job" = String, Path, description = "The job's name")),
    responses((status = 200, description = "The job", body = Shown)))]
pub(super) async fn one(_: Caller, backend: Backend, Named(name): Named) -> Result<Json<Shown>, Problem> {
    let stored = find::job(&backend.store, &name).await?;
    let Some(row) = backend.store.job_row(&name).await? else {
        return Err(find::no_job(&backend.store, &name).await.into());
    };
    let job = stored.definition.job;
    let zone = job.zone();
    let due =
        |at: DateTime<Utc>| Due { at, local: at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false) };
    let next_due = pause::next_due_times(&job, clock::now(), SHOWN).into_iter().map(due).collect();
    let steps = job.steps.iter().map(|step| StepName { id: step.id.clone(), kind: step.kind.label().to_owned() });
    let steps = steps.collect();
    let param = |param: crate::domain::job::Param| Param {
        name: param.name,
        default: param.default,
        description: param.description,
    };
    let params = job.params.into_iter().map(param).collect();
    Ok(Json(Shown { row, zone: zone.name().to_owned(), next_due, params, steps, definition: stored.hash }))
}

/// Shows a job's definition
///
/// The file as written, and the job as it is run.
#[utoipa::path(get, operation_id = "show_job_definition", path = "/jobs/{job}/definition", tag = "jobs",
    params(("job" = String, Path, description = "The job's name")),
    responses((status = 200, description = "The definition", body = Definition)))]
pub(super) async fn definition(_: Caller, backend: Backend, Named(name): Named) -> Result<Json<Definition>, Problem> {
    Ok(Json(find::job(&backend.store, &name).await?.into()))
}

//! The list of jobs.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Asked;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::store::JobRow;

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only jobs whose name or description has this in it, whatever the case.
    filter: Option<String>,
    /// Only jobs that are paused, or that aren't.
    paused: Option<bool>,
}

/// Lists jobs
///
/// Jobs by name, each with its schedule and its newest run.
#[utoipa::path(get, operation_id = "list_jobs", path = "/jobs", tag = "jobs", params(Which),
    responses((status = 200, description = "The jobs", body = Vec<JobRow>)))]
pub(super) async fn list(
    _: Caller,
    backend: Backend,
    Asked(which): Asked<Which>,
) -> Result<Json<Vec<JobRow>>, Problem> {
    let mut jobs = backend.store.jobs().await?;
    if let Some(wanted) = which.filter.map(|text| text.to_lowercase()) {
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        jobs.retain(|job| has(&job.name) || job.description.as_deref().is_some_and(has));
    }
    if let Some(paused) = which.paused {
        jobs.retain(|job| job.paused_at.is_some() == paused);
    }
    Ok(Json(jobs))
}

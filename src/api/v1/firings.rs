//! What became of a job's due times.

use axum::Json;
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Asked, Named, limit, misread};
use crate::actions::find;
use crate::actions::firings::{ShownFiring, shown};
use crate::actions::moment::{self, Edge};
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::job::Job;
use crate::store::FiringFilter;

/// Which firings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Due at this time or later: a date or local time in the job's zone, or a time with its offset.
    since: Option<String>,
    /// Due at this time or earlier; a date means the whole day.
    until: Option<String>,
    /// At most so many, the newest.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

/// Lists a job's firings
///
/// What became of its due times, newest first, and why.
#[utoipa::path(get, operation_id = "list_firings", path = "/jobs/{job}/firings", tag = "jobs",
    params(("job" = String, Path, description = "The job's name"), Which),
    responses((status = 200, description = "The firings", body = Vec<ShownFiring>)))]
pub(super) async fn list(
    _: Caller,
    backend: Backend,
    Named(name): Named,
    Asked(which): Asked<Which>,
) -> Result<Json<Vec<ShownFiring>>, Problem> {
    let limit = limit(which.limit, 50, 1000)?;
    // A job whose file is gone has a history all the same.
    let job = backend.store.job(&name).await?.map(|stored| stored.definition.job);
    let zone = job.as_ref().map_or(Tz::UTC, Job::zone);
    let since = which.since.map(|text| moment::parse(&text, zone, Edge::From)).transpose().map_err(misread)?;
    let until = which.until.map(|text| moment::parse(&text, zone, Edge::To)).transpose().map_err(misread)?;
    let firings = backend.store.firings(&name, FiringFilter { since, until, limit }).await?;
    if firings.is_empty() && job.is_none() {
        return Err(find::no_job(&backend.store, &name).await.into());
    }
    Ok(Json(firings.into_iter().map(|firing| shown(firing, zone)).collect()))
}

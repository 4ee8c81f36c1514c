//! Runs for due times of the past.

use std::collections::BTreeMap;

use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, Named, unfit};
use crate::actions::backfill::{Backfilled, Stretch, past, preview, queue};
use crate::actions::find;
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::clock;
use crate::api::problem::Problem;
use crate::domain::params;

/// Which due times.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = BackfillRequest)]
pub(super) struct Wanted {
    /// Due at this time or later: a date or local time in the job's zone, or a time with its offset.
    #[schema(required)]
    from: String,
    /// Due at this time or earlier, a date meaning the whole day; without it, until now.
    to: Option<String>,
    /// Only say what would run.
    dry_run: bool,
    /// At most so many runs; without it, at most 1,000.
    #[schema(minimum = 1, maximum = 100_000)]
    limit: Option<u32>,
    /// Newest first.
    reverse: bool,
    /// As many at once as daemons and locks allow, instead of one after the other.
    parallel: bool,
    /// Parameters; those that aren't given have the job's defaults.
    params: BTreeMap<String, String>,
}

/// Runs due times of the past
///
/// Queues runs for due times that did not run, one after the other. With `dry_run` it only says for which.
#[utoipa::path(post, operation_id = "backfill_job", path = "/jobs/{job}/backfill", tag = "jobs",
    params(("job" = String, Path, description = "The job's name")), request_body = Wanted,
    responses((status = 200, description = "The runs that were queued, or would be", body = Backfilled)))]
pub(super) async fn backfill(
    caller: Caller,
    backend: Backend,
    Named(name): Named,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Backfilled>, Problem> {
    caller.operator()?;
    if wanted.limit.is_some_and(|limit| limit == 0 || limit > 100_000) {
        return Err(unfit("`limit` must be at least 1 and at most 100000"));
    }
    let job = find::job(&backend.store, &name).await?.definition.job;
    let params = params::complete(&job, wanted.params)?;
    let stretch = Stretch {
        from: &wanted.from,
        to: wanted.to.as_deref(),
        limit: wanted.limit.and_then(|limit| usize::try_from(limit).ok()),
        reverse: wanted.reverse,
        dry_run: wanted.dry_run,
    };
    let past = past(&backend.store, &job, &stretch, clock::now()).await?;
    if wanted.dry_run || past.left.is_empty() {
        return Ok(Json(preview(&job, &past)));
    }
    let made =
        to_its_end(async move { queue(&backend.store, &caller.actor(), &job, &past, params, !wanted.parallel).await });
    Ok(Json(made.await?))
}

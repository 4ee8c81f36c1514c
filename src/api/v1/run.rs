//! One run: what is known of it, its definition, its end, its next round.

use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, Named};
use super::job::Definition;
use crate::actions::{cancel as cancelling, find, retry as retrying};
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::run::Run;

/// Where a new round begins.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetryRequest)]
pub(super) struct From {
    /// The step to begin at; without it, the first that did not succeed.
    from: Option<String>,
}

/// Shows a run
///
/// With its steps and attempts.
#[utoipa::path(get, operation_id = "show_run", path = "/runs/{run}", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it")),
    responses((status = 200, description = "The run", body = Run)))]
pub(super) async fn one(_: Caller, backend: Backend, Named(run): Named) -> Result<Json<Run>, Problem> {
    Ok(Json(find::run(&backend.store, &run).await?))
}

/// Shows a run's definition
///
/// The job as it was when the run was made.
#[utoipa::path(get, operation_id = "show_run_definition", path = "/runs/{run}/definition", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it")),
    responses((status = 200, description = "The definition", body = Definition)))]
pub(super) async fn definition(_: Caller, backend: Backend, Named(run): Named) -> Result<Json<Definition>, Problem> {
    let id = find::run_id(&backend.store, &run).await?;
    let stored = backend.store.definition_of(id).await?.ok_or_else(|| find::no_run(&run))?;
    Ok(Json(stored.into()))
}

/// Cancels a run
///
/// One that has not started is cancelled at once, a running one by its daemon; its state says which.
#[utoipa::path(post, operation_id = "cancel_run", path = "/runs/{run}/cancel", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it")),
    responses((status = 200, description = "The run, cancelled or about to be", body = Run)))]
pub(super) async fn cancel(caller: Caller, backend: Backend, Named(run): Named) -> Result<Json<Run>, Problem> {
    caller.operator()?;
    let cancelled = to_its_end(async move {
        let run = find::run(&backend.store, &run).await?;
        cancelling::cancel(&backend.store, &caller.actor(), &run).await
    });
    Ok(Json(cancelled.await?))
}

/// Retries a run
///
/// Queues a failed or cancelled run again, from the step that failed or another.
#[utoipa::path(post, operation_id = "retry_run", path = "/runs/{run}/retry", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it")),
    request_body = Option<From>,
    responses((status = 200, description = "The run, queued again", body = Run)))]
pub(super) async fn retry(
    caller: Caller,
    backend: Backend,
    Named(run): Named,
    Body(wanted): Body<From>,
) -> Result<Json<Run>, Problem> {
    caller.operator()?;
    let retried = to_its_end(async move {
        let run = find::run(&backend.store, &run).await?;
        retrying::retry(&backend.store, &caller.actor(), &run, wanted.from.as_deref()).await
    });
    Ok(Json(retried.await?.run))
}

//! What the forms of a run do.

use axum::extract::{Extension, Form, Path};
use axum::response::Response;
use serde::Deserialize;

use crate::actions;
use crate::api::acting::to_its_end;
use crate::api::caller::Caller;
use crate::api::pages::backend::Reached;
use crate::api::pages::problem::Problem;
use crate::api::pages::{find, flash, links};
use crate::domain::state::RunState;

/// From which step a run is tried again.
#[derive(Debug, Deserialize)]
pub(super) struct Again {
    from: String,
}

/// `POST /runs/{run}/cancel`.
pub(super) async fn cancel(
    Reached(backend): Reached,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let run = find::run(&backend, &id).await?;
    let back = links::run(run.id);
    let cancelling = async move { actions::cancel::cancel(&backend.store, &caller.actor(), &run).await };
    let cancelled = match to_its_end(cancelling).await {
        Ok(run) => run,
        Err(failure) => return Ok(flash::refused(&back, &failure.to_string())),
    };
    Ok(flash::done(
        &back,
        match cancelled.state {
            RunState::Cancelled => "The run is cancelled; it had not started.",
            _ => "The run is being cancelled by its daemon.",
        },
    ))
}

/// `POST /runs/{run}/retry`.
pub(super) async fn retry(
    Reached(backend): Reached,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(again): Form<Again>,
) -> Result<Response, Problem> {
    let run = find::run(&backend, &id).await?;
    let back = links::run(run.id);
    let from = again.from.clone();
    let retrying = async move { actions::retry::retry(&backend.store, &caller.actor(), &run, Some(&from)).await };
    Ok(match to_its_end(retrying).await {
        Ok(_) => flash::done(&back, &format!("The run is queued again, from step {}.", again.from)),
        Err(failure) => flash::refused(&back, &failure.to_string()),
    })
}

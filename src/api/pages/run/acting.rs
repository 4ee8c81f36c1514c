//! What the forms of a run do.

use axum::extract::{Extension, Form, Path};
use axum::response::Response;
use serde::Deserialize;

use crate::api::caller::Caller;
use crate::api::pages::backend::Reached;
use crate::api::pages::problem::Problem;
use crate::api::pages::{flash, links};
use crate::domain::ids::RunId;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::store::StoreError;

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
    let run = read(&backend.store, &id).await?;
    let back = links::run(run.id);
    if run.state.is_final() {
        return Ok(flash::refused(&back, &format!("The run has ended already: {}.", run.state)));
    }
    let state = backend.store.cancel_run(run.id).await?;
    backend.store.audit(&caller.name, "cancel", &run.id.to_string()).await?;
    Ok(flash::done(
        &back,
        match state {
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
    let run = read(&backend.store, &id).await?;
    let back = links::run(run.id);
    let Some(from) = run.steps.iter().position(|step| step.id == again.from) else {
        return Ok(flash::refused(&back, &format!("The run has no step {}.", again.from)));
    };
    match backend.store.retry_run(run.id, from, None).await {
        Ok(()) => {
            backend.store.audit(&caller.name, "retry", &run.id.to_string()).await?;
            Ok(flash::done(&back, &format!("The run is queued again, from step {}.", again.from)))
        }
        Err(StoreError::Refused(why)) => Ok(flash::refused(&back, &format!("Not retried: {why}."))),
        Err(error) => Err(error.into()),
    }
}

async fn read(store: &crate::store::Store, id: &str) -> Result<Run, Problem> {
    let unknown = || Problem::Unknown("run", id.to_owned());
    let id: RunId = id.parse().map_err(|_| unknown())?;
    store.run(id).await?.ok_or_else(unknown)
}

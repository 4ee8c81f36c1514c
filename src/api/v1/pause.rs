//! Pausing a job, and the end of its pause.

use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, Named, unfit};
use crate::actions::pause::Paused;
use crate::actions::resume::Resumed;
use crate::actions::{find, pause as pausing, resume as resuming};
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::clock;
use crate::api::problem::Problem;
use crate::store::RunMissed;

/// Most characters of a note.
const LONGEST_NOTE: usize = 1000;

/// What is said with a pause.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PauseRequest)]
pub(super) struct Said {
    /// Why, for others; it is recorded with the action.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// What is said with the end of a pause.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeRequest)]
pub(super) struct Wanted {
    /// Which of the firings that the pause skipped run now.
    #[serde(default)]
    run_missed: Missed,
}

/// Which of the firings that a pause skipped run at its end.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunMissed)]
pub(super) enum Missed {
    /// None of them.
    #[default]
    None,
    /// The newest.
    Latest,
    /// All, oldest first.
    All,
}

/// Pauses a job
///
/// Its due times are recorded as skipped until it is resumed. Runs that aren't over go on.
#[utoipa::path(post, operation_id = "pause_job", path = "/jobs/{job}/pause", tag = "jobs",
    params(("job" = String, Path, description = "The job's name")), request_body = Option<Said>,
    responses((status = 200, description = "The job is paused", body = Paused)))]
pub(super) async fn pause(
    caller: Caller,
    backend: Backend,
    Named(name): Named,
    Body(said): Body<Said>,
) -> Result<Json<Paused>, Problem> {
    caller.operator()?;
    if said.note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        return Err(unfit(format!("`note` has more than {LONGEST_NOTE} characters")));
    }
    let paused = to_its_end(async move {
        let job = find::job(&backend.store, &name).await?.definition.job;
        pausing::pause(&backend.store, &caller.actor(), &job, said.note.as_deref(), clock::now()).await
    });
    Ok(Json(paused.await?))
}

/// Resumes a job
///
/// It runs on its schedule again. What the pause skipped stays skipped, unless `run_missed` says otherwise.
#[utoipa::path(post, operation_id = "resume_job", path = "/jobs/{job}/resume", tag = "jobs",
    params(("job" = String, Path, description = "The job's name")), request_body = Option<Wanted>,
    responses((status = 200, description = "The job runs on its schedule", body = Resumed)))]
pub(super) async fn resume(
    caller: Caller,
    backend: Backend,
    Named(name): Named,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Resumed>, Problem> {
    caller.operator()?;
    let run_missed = match wanted.run_missed {
        Missed::None => RunMissed::None,
        Missed::Latest => RunMissed::Latest,
        Missed::All => RunMissed::All,
    };
    let resumed = to_its_end(async move {
        let job = find::job(&backend.store, &name).await?.definition.job;
        resuming::resume(&backend.store, &caller.actor(), &job, run_missed, clock::now()).await
    });
    Ok(Json(resumed.await?))
}

//! The replicas that jobs publish.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, unfit};
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::clock;
use crate::api::problem::Problem;
use crate::api::rolling_back;
use crate::domain::replica::Manifest;
use crate::engine::ReplicaLook;

/// A replica, as it was seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replica)]
pub(super) struct Seen {
    /// Its path or address.
    replica: String,
    /// The job that publishes it.
    job: String,
    /// The step.
    step: String,
    /// Whether nothing is wrong with it.
    ok: bool,
    /// What is wrong with it.
    problems: Vec<String>,
    /// What it holds; null: nothing was published yet.
    #[schema(value_type = Option<Object>)]
    manifest: Option<Manifest>,
    /// Seconds since what it holds was made.
    age_s: Option<f64>,
    /// The age at which it counts as stale, in seconds.
    max_age_s: Option<f64>,
    /// Generations that are kept, oldest first.
    #[schema(value_type = Vec<Object>)]
    kept: Vec<Manifest>,
    /// What a publish that is under way has there, or one left that died.
    unfinished: Vec<String>,
}

/// Lists replicas
///
/// Those of this machine's disks and of object stores, as far as their place is known without a run.
#[utoipa::path(get, operation_id = "list_replicas", path = "/replicas", tag = "state",
    responses((status = 200, description = "The replicas, by place", body = Vec<Seen>)))]
pub(super) async fn list(_: Caller, backend: Backend) -> Result<Json<Vec<Seen>>, Problem> {
    let jobs = backend.store.publishing_jobs().await?;
    let looks = backend.replicas.look(&jobs, clock::now()).await;
    Ok(Json(looks.into_iter().map(seen).collect()))
}

/// Which replica goes back to which generation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RollbackRequest)]
pub(super) struct Back {
    /// Its path or address, as the list has it.
    #[schema(required)]
    replica: String,
    /// The generation; without it, the one before.
    to: Option<u64>,
}

/// Goes back with a replica
///
/// Makes an earlier generation the replica again. It is verified first; one that takes longer than half a minute is
/// answered with 408 and is done all the same.
#[utoipa::path(post, operation_id = "roll_back_replica", path = "/replicas/rollback", tag = "state",
    request_body = Back,
    responses((status = 200, description = "The replica, at that generation", body = Seen)))]
pub(super) async fn roll_back(caller: Caller, backend: Backend, Body(back): Body<Back>) -> Result<Json<Seen>, Problem> {
    caller.operator()?;
    if back.replica.is_empty() {
        return Err(unfit("`replica` must be a replica's path or address"));
    }
    let done = to_its_end(async move {
        rolling_back::roll_back(&backend, &caller.actor(), &back.replica, back.to, clock::now()).await?;
        rolling_back::find(&backend, &back.replica, clock::now()).await
    });
    Ok(Json(seen(done.await?)))
}

fn seen(look: ReplicaLook) -> Seen {
    let ok = look.problems.is_empty() && !look.is_stale();
    let (age_s, max_age_s) = (look.age.map(|age| age.as_secs_f64()), look.max_age.map(|age| age.as_secs_f64()));
    let ReplicaLook { job, step, place, manifest, kept, problems, unfinished, .. } = look;
    Seen { replica: place, job, step, ok, problems, manifest, age_s, max_age_s, kept, unfinished }
}

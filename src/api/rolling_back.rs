//! The way back to an earlier generation of a replica, by a page or the API.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::backend::Backend;
use crate::actions::outside::recorded;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::replica::Manifest;
use crate::engine::ReplicaLook;
use crate::store::{Act, Actor};

/// Makes a generation of a replica that a job publishes the replica again, the one before or `to`, for somebody. It is
/// verified first.
pub(super) async fn roll_back(
    backend: &Backend,
    actor: &Actor,
    place: &str,
    to: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Manifest, Failure> {
    let replica = find(backend, place, now).await?;
    let detail = json!({"replica": replica.place, "to": to});
    let act = Act { action: "rollback", job: Some(&replica.job), run: None, detail };
    let going_back = backend.replicas.roll_back(&replica, to, now);
    recorded(&backend.store, actor, &act, going_back, |manifest| json!({"generation": manifest.generation})).await
}

/// The replica at a place. Only one that a job publishes is found: going back changes files.
pub(super) async fn find(backend: &Backend, place: &str, now: DateTime<Utc>) -> Result<ReplicaLook, Failure> {
    let jobs = backend.store.publishing_jobs().await?;
    let seen = backend.replicas.look(&jobs, now).await;
    let known = seen.iter().map(|one| one.place.as_str()).collect::<Vec<_>>().join(", ");
    seen.into_iter().find(|one| one.place == place).ok_or_else(|| {
        let message = format!("no job publishes a replica at `{place}`, as far as it is known without a run");
        let hint = if known.is_empty() { "no job publishes any".to_owned() } else { format!("replicas are {known}") };
        Failure::permanent(Code::NotFound, Side::Internal, message).with_hint(hint)
    })
}

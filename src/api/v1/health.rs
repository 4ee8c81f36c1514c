//! How this daemon is, and as whom it knows the caller.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::serve::ApiState;
use crate::domain::role::Role;

/// How a daemon is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Its version.
    version: String,
    /// Whether it does its work.
    ready: bool,
    /// Whether the state database answers.
    state_up: bool,
    /// Whether it holds its lease.
    lease: bool,
    /// What is in the way, in words; empty when nothing is.
    detail: String,
    /// Whoever asks, as this daemon knows them.
    caller: Known,
}

/// Whoever asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallerName)]
pub(super) struct Known {
    /// The token's name; `local` where no token is set.
    name: String,
    /// What it is good for.
    role: Role,
}

/// Shows the daemon's health
///
/// From memory: it is answered also while the state database is away.
#[utoipa::path(get, operation_id = "show_health", path = "/health", tag = "state",
    responses((status = 200, description = "How it is, well or not", body = Health)))]
pub(super) async fn health(caller: Caller, State(state): State<ApiState>) -> Json<Health> {
    let readiness = state.ready.borrow().clone();
    Json(Health {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ready: readiness.is_ready(),
        state_up: readiness.state_up,
        lease: readiness.lease,
        detail: readiness.detail,
        caller: Known { name: caller.name, role: caller.role },
    })
}

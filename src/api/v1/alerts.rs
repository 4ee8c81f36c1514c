//! What somebody should have heard of, and whether they have.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Asked, limit};
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::alert::{Alert, AlertState};
use crate::store::AlertFilter;

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only of this job.
    job: Option<String>,
    /// Only in this state.
    state: Option<AlertState>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Lists alerts
///
/// Newest first.
#[utoipa::path(get, operation_id = "list_alerts", path = "/alerts", tag = "state", params(Which),
    responses((status = 200, description = "The alerts", body = Vec<Alert>)))]
pub(super) async fn list(_: Caller, backend: Backend, Asked(which): Asked<Which>) -> Result<Json<Vec<Alert>>, Problem> {
    let limit = limit(which.limit, 50, 500)?;
    let filter = AlertFilter { job: which.job, states: which.state.into_iter().collect(), since: None, limit };
    Ok(Json(backend.store.alerts(&filter).await?))
}

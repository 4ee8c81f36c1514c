//! What daemons found when they last looked at all that jobs need.

use axum::Json;

use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::store::FindingRow;

/// Lists findings
///
/// What `windlass doctor` looks at, as each daemon saw it when it started or within the last hour.
#[utoipa::path(get, operation_id = "list_findings", path = "/findings", tag = "state",
    responses((status = 200, description = "The findings, by daemon", body = Vec<FindingRow>)))]
pub(super) async fn list(_: Caller, backend: Backend) -> Result<Json<Vec<FindingRow>>, Problem> {
    Ok(Json(backend.store.findings().await?))
}

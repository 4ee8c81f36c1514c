//! Daemons.

use axum::Json;

use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::store::DaemonRow;

/// Lists daemons
///
/// Those that hold a lease, with how many runs each has.
#[utoipa::path(get, operation_id = "list_daemons", path = "/daemons", tag = "state",
    responses((status = 200, description = "The daemons", body = Vec<DaemonRow>)))]
pub(super) async fn list(_: Caller, backend: Backend) -> Result<Json<Vec<DaemonRow>>, Problem> {
    Ok(Json(backend.store.daemons().await?))
}

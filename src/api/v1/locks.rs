//! Locks.

use axum::Json;

use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::store::LockRow;

/// Lists locks
///
/// Who holds them, who waits, since when, behind whom.
#[utoipa::path(get, operation_id = "list_locks", path = "/locks", tag = "state",
    responses((status = 200, description = "Locks by name, holders first", body = Vec<LockRow>)))]
pub(super) async fn list(_: Caller, backend: Backend) -> Result<Json<Vec<LockRow>>, Problem> {
    Ok(Json(backend.store.locks().await?))
}

//! Who did what.

use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Asked, limit};
use super::page::{Page, page};
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::ids::RunId;
use crate::store::{AuditFilter, AuditRow};

/// Which actions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only on this job.
    job: Option<String>,
    /// Only on this run.
    run: Option<uuid::Uuid>,
    /// Only those that come after this one in the list: done earlier.
    after: Option<i64>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Lists actions
///
/// What people and tokens did, newest first.
#[utoipa::path(get, operation_id = "list_actions", path = "/audit", tag = "state", params(Which),
    responses((status = 200, description = "The actions", body = Vec<AuditRow>,
        headers(("Link" = Option<String>, description = "`<…>; rel=\"next\"` where there may be more")))))]
pub(super) async fn list(_: Caller, backend: Backend, Asked(which): Asked<Which>) -> Result<Page<AuditRow>, Problem> {
    let limit = limit(which.limit, 50, 500)?;
    let filter = AuditFilter { job: which.job.clone(), run: which.run.map(RunId), before: which.after, limit };
    let acts = backend.store.acts(&filter).await?;
    Ok(page(acts, limit, "/audit", &[("job", which.job), ("run", which.run.map(|run| run.to_string()))], |act| {
        act.id.to_string()
    }))
}

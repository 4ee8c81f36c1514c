//! What an address names: a job, a run. One that isn't there is a page that says so.

use super::problem::Problem;
use crate::api::backend::Backend;
use crate::domain::ids::RunId;
use crate::domain::run::Run;
use crate::store::StoredJob;

/// The job of that name.
pub(super) async fn job(backend: &Backend, name: &str) -> Result<StoredJob, Problem> {
    backend.store.job(name).await?.ok_or_else(|| Problem::Unknown("job", name.to_owned()))
}

/// The run with that id.
pub(super) async fn run(backend: &Backend, id: &str) -> Result<Run, Problem> {
    let unknown = || Problem::Unknown("run", id.to_owned());
    let id: RunId = id.parse().map_err(|_| unknown())?;
    backend.store.run(id).await?.ok_or_else(unknown)
}

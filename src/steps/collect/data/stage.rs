//! The private DuckDB that data is read into: a file in the spool, attached to an instance in memory as `stage`.

use std::path::Path;

use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbSession, literal};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// Memory that reading and checking may use, whatever the size of the data; what doesn't fit is spilled. Less than
/// DuckDB would take for its cache, which reading once has no use for; more than any reader needed for rows of usual size.
const MEMORY: u64 = 1 << 30;

/// A session without the file.
pub(super) async fn session(spool: &Spool) -> Result<DuckDbSession, Failure> {
    let on = |error: crate::duckdb::DuckDbError| error.on(Side::Internal);
    let session = DuckDbSession::in_memory(&spool.path("spill")).await.map_err(on)?;
    session.limit_memory(MEMORY).await.map_err(on)?;
    Ok(session)
}

/// Attaches the file, which is made if it isn't there.
pub(super) async fn attach(session: &DuckDbSession, file: &Path, context: &StepContext) -> Result<(), Failure> {
    let attach = format!("attach {} as stage", literal(&file.display().to_string()));
    let attached = session.run(&context.stop, "preparing", move |connection| connection.execute_batch(&attach)).await;
    attached.map_err(|error| error.on(Side::Internal))
}

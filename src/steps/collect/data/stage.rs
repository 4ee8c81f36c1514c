//! The private DuckDB that data is read into: a file in the spool, attached to an instance in memory as `stage`.

use std::path::Path;

use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbSession, literal};
use crate::steps::spool::Spool;
use crate::steps::{StepContext, StopSignal};

/// Most memory that reading and checking may use, whatever the size of the data; what doesn't fit is spilled. Less than
/// DuckDB would take for its cache, which reading once has no use for.
const MOST: u64 = 1 << 30;

/// What a thread that reads needs: DuckDB's readers hold up to three pieces of 32 MiB.
const THREAD: u64 = 128 << 20;

/// What each column needs on top of that, while its rows are collected into groups.
const COLUMN: u64 = 1 << 20;

/// Most threads that read; more would have to share the memory.
const THREADS: u64 = 8;

/// The file is written once, read once and removed. Writing its last state at its end would cost as much as a third of
/// the load: whoever attaches it next finds that in its log.
const FOR_A_MOMENT: &str = "pragma disable_checkpoint_on_shutdown";

/// Data up to this size isn't compressed, which for texts costs more than reading them. Of more data whoever loads it
/// would have as much in its cache.
const SMALL: u64 = 512 << 20;

/// A session without the file.
pub(super) async fn session(spool: &Spool) -> Result<DuckDbSession, Failure> {
    let on = |error: crate::duckdb::DuckDbError| error.on(Side::Internal);
    let session = DuckDbSession::in_memory(&spool.path("spill")).await.map_err(on)?;
    session.limit_memory(MOST).await.map_err(on)?;
    let never = StopSignal::new();
    session.run(&never, "preparing", |connection| connection.execute_batch(FOR_A_MOMENT)).await.map_err(on)?;
    Ok(session)
}

/// Suits the session to a body: no more memory than so many columns need, and no work that so few bytes aren't worth.
pub(super) async fn suit(session: &DuckDbSession, columns: usize, bytes: u64) -> Result<(), Failure> {
    let on = |error: crate::duckdb::DuckDbError| error.on(Side::Internal);
    let never = StopSignal::new();
    let compression = if bytes <= SMALL { "uncompressed" } else { "auto" };
    let threads = session.run(&never, "preparing", move |connection| {
        let threads: u64 = connection.query_row("select current_setting('threads')::ubigint", [], |row| row.get(0))?;
        let threads = threads.min(THREADS);
        connection.execute_batch(&format!("set threads = {threads}; set force_compression = '{compression}'"))?;
        Ok(threads)
    });
    let threads = threads.await.map_err(on)?;
    session.limit_memory(memory_of(threads, columns).min(MOST)).await.map_err(on)
}

/// What so many threads need that read or load so many columns.
pub(in crate::steps::collect) fn memory_of(threads: u64, columns: usize) -> u64 {
    threads.max(2) * (THREAD + COLUMN * columns as u64)
}

/// Attaches the file, which is made if it isn't there.
pub(super) async fn attach(session: &DuckDbSession, file: &Path, context: &StepContext) -> Result<(), Failure> {
    let attach = format!("attach {} as stage", literal(&file.display().to_string()));
    let attached = session.run(&context.stop, "preparing", move |connection| connection.execute_batch(&attach)).await;
    attached.map_err(|error| error.on(Side::Internal))
}

//! A replica from PostgreSQL tables and queries, all of them as of one moment.
//!
//! ```text
//!           ┌ session ── COPY part, binary ──▶ blocks of rows ──▶ DuckDB's thread: columns, compressed ┐
//! snapshot ─┼ session ── COPY part, binary ──▶ blocks of rows ──▶ DuckDB's thread: columns, compressed ┼─▶ new file
//!           └ …                                                                                        ┘
//! ```
//!
//! Memory is some blocks and DuckDB's own for each stream, however large the tables are. With one stream rows keep the
//! order in which PostgreSQL sends them.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::domain::failure::{Failure, Side};
use crate::domain::step::PublishTable;
use crate::duckdb::{DuckDbSession, spill_folder};
use crate::postgres::Server;
use crate::steps::reading::meter::Meter;
use crate::steps::reading::snapshot::{self, Snapshot};
use crate::steps::reading::{part, streams};
use crate::steps::session;

use super::build::{Build, Made, TableRows};
use super::key;
use super::table::{self, Table};
use super::worker::{self, Job};

/// Bytes that DuckDB may use for each stream, and once more for all: some row groups of wide rows. Without a limit it keeps
/// what it has written for as long as there is memory.
const MEMORY: u64 = 128 << 20;

/// Parts for each stream. Each part ends with a row group that isn't full, whose rows DuckDB writes once more: with four
/// parts a stream that took half as much CPU again.
const PARTS_A_STREAM: u32 = 1;

/// How the tables are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'s> {
    /// The connection.
    pub(super) connection: &'s str,
    /// What becomes which table.
    pub(super) tables: &'s [PublishTable],
    /// How many sessions read side by side.
    pub(super) streams: u32,
    /// Whether keys come along.
    pub(super) keys: bool,
}

/// Makes the hidden file from tables of a connection.
pub(super) async fn build(reading: Reading<'_>, build: &Build<'_>) -> Result<Made, Failure> {
    let Reading { connection, streams, .. } = reading;
    let context = build.context;
    let server = context.environment.postgres(connection)?;
    let spill = spill_folder(build.place.temporary());
    let opening = Box::pin(DuckDbSession::in_memory(&spill));
    let target = context.unless_stopped(opening).await?.map_err(|error| error.on(Side::Internal))?;
    // Keys are built in memory.
    if !reading.keys {
        let memory = MEMORY * (1 + u64::from(streams));
        target.limit_memory(memory).await.map_err(|error| error.on(Side::Internal))?;
    }
    let snapshot = snapshot::take(server, streams > 1, context).await?;
    let described = Box::pin(describe(reading, &snapshot, build)).await;
    let tables = match described {
        Ok(tables) => tables,
        Err(failure) => {
            session::stop(snapshot.session, context).await;
            return Err(failure);
        }
    };
    let filled = build.fill(&target, Box::pin(fill(tables, snapshot, server, streams, &target, build))).await;
    if let Err(error) = target.close().await {
        context.warn(error.to_string());
    }
    Ok(Made { method: "compact", tables: filled? })
}

async fn describe(reading: Reading<'_>, snapshot: &Snapshot, build: &Build<'_>) -> Result<Vec<Table>, Failure> {
    let mut described = Vec::with_capacity(reading.tables.len());
    for table in reading.tables {
        described.push(Box::pin(table::describe(table, reading.keys, &snapshot.session, build)).await?);
    }
    Ok(described)
}

/// Makes the tables in the new file and moves all rows into them.
async fn fill(
    tables: Vec<Table>,
    snapshot: Snapshot,
    server: &Server,
    streams: u32,
    target: &DuckDbSession,
    build: &Build<'_>,
) -> Result<Vec<TableRows>, Failure> {
    let context = build.context;
    let parts = part::divide(tables.iter().map(|table| &table.source), streams, PARTS_A_STREAM);
    let all: usize = parts.iter().map(Vec::len).sum();
    let streams = usize::try_from(streams).unwrap_or(1).clamp(1, all.max(1));
    let targets = match prepare(&tables, streams, target, build).await {
        Ok(targets) => targets,
        Err(failure) => {
            session::stop(snapshot.session, context).await;
            return Err(failure);
        }
    };
    let sources = streams::open(snapshot, server, streams, context).await?;
    let meter = Meter::new(
        tables
            .iter()
            .zip(&parts)
            .map(|(table, parts)| (table.name.to_string(), table.source.rows_expected, parts.len())),
    );
    let mut own = context.clone();
    own.stop = context.stop.child_token();
    let job = Arc::new(Job::new(own, tables, parts, meter, streams));
    let mut workers = JoinSet::new();
    for (source, target) in sources.into_iter().zip(targets) {
        workers.spawn(worker::work(Arc::clone(&job), source, target));
    }
    streams::finish(workers, &job.meter, &job.context.stop, context).await?;
    key::add(&job.tables, target, build).await?;
    let copied = job.meter.copied();
    Ok(job.tables.iter().zip(copied).map(|(table, copied)| table.with_rows(copied.rows)).collect())
}

/// Makes the tables, and a session on the new file for each stream.
async fn prepare(
    tables: &[Table],
    streams: usize,
    target: &DuckDbSession,
    build: &Build<'_>,
) -> Result<Vec<DuckDbSession>, Failure> {
    table::make(tables, target, build).await?;
    let mut sessions = Vec::with_capacity(streams);
    for _ in 0..streams {
        sessions.push(target.another().await.map_err(|error| error.on(Side::Internal))?);
    }
    Ok(sessions)
}

//! A replica from a DuckDB master: its file copied, or its contents written into a fresh file.
//!
//! The master is open in this process all the while, so no other process can write to it. Copying needs it
//! checkpointed and still, so it holds the turn to write; writing afresh reads it in one transaction and keeps nobody
//! from writing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::domain::step::PublishMethod;
use crate::duckdb::{DuckDbError, DuckDbErrorKind, DuckDbFile, DuckDbSession, OpenMode, literal, quoted};
use crate::steps::replica::{count_in, logs_of};

use super::build::{Build, Made, TableRows};
use super::follow;
use super::space;

/// `auto` writes the replica afresh when more than one block in so many is free: then a copy would mostly carry air.
const FREE_SHARE: u64 = 4;

/// What decides about the method.
struct Facts {
    storage_version: String,
    block_size: u64,
    total_blocks: u64,
    free_blocks: u64,
    foreign_keys: u64,
}

/// Makes the hidden file from the master of that connection.
pub(super) async fn build(connection: &str, method: PublishMethod, build: &Build<'_>) -> Result<Made, Failure> {
    let file = build.context.environment.duckdb(connection)?;
    // DuckDB keeps the log beside the file itself, not beside a link to it.
    let file = &DuckDbFile::new(file.path().canonicalize().unwrap_or_else(|_| file.path().to_path_buf()));
    refuse_the_same_file(file.path(), build)?;
    // With a log beside it the file alone is not all of the master, and only a writer can fold the log in.
    let may_copy = method != PublishMethod::Compact;
    let mode =
        if may_copy && file.path().exists() && has_log(file.path()) { OpenMode::ReadWrite } else { OpenMode::ReadOnly };
    let session = build.context.unless_stopped(Box::pin(file.open(mode))).await?.map_err(on_source)?;
    let made = make(file, &session, method, build).await;
    if let Err(error) = session.close().await {
        build.context.warn(format!("{error}; what was committed is safe in the file's write-ahead log"));
    }
    made
}

async fn make(
    file: &DuckDbFile,
    session: &DuckDbSession,
    method: PublishMethod,
    build: &Build<'_>,
) -> Result<Made, Failure> {
    let facts = facts(session, build).await?;
    let wanted = build.storage_version;
    let fits = facts.storage_version.trim_end_matches('+') == wanted;
    let airy = facts.free_blocks * FREE_SHARE > facts.total_blocks;
    let (copy, why) = match method {
        PublishMethod::Copy if !fits => {
            let is = facts.storage_version.trim_end_matches('+');
            let message = format!(
                "the master has storage version {is}, the replica should have {wanted}; a copy can't change it"
            );
            return Err(Failure::permanent(Code::ReplicaCheck, Side::Source, message)
                .with_hint(format!("use `method: compact` (or auto), or `storage_version: {is}`")));
        }
        PublishMethod::Copy => (true, "asked for".to_owned()),
        PublishMethod::Compact => (false, "asked for".to_owned()),
        PublishMethod::Auto if !fits => {
            (false, format!("the master has storage version {}, wanted is {wanted}", facts.storage_version))
        }
        PublishMethod::Auto if facts.foreign_keys > 0 => (true, "the master has foreign keys".to_owned()),
        PublishMethod::Auto => (!airy, format!("{} of {} blocks are free", facts.free_blocks, facts.total_blocks)),
    };
    build.context.info(format!("method {}: {why}", if copy { "copy" } else { "compact" }));
    if copy {
        let tables = copy_file(file, session, build).await?;
        return Ok(Made { method: "copy", tables });
    }
    let used = facts.total_blocks.saturating_sub(facts.free_blocks);
    space::refuse_if_short(build.place.folder(), used.saturating_mul(facts.block_size), build.context)?;
    let tables = write_afresh(session, facts.foreign_keys > 0, build).await?;
    Ok(Made { method: "compact", tables })
}

/// Copies the file while nobody writes to it.
async fn copy_file(file: &DuckDbFile, session: &DuckDbSession, build: &Build<'_>) -> Result<Vec<TableRows>, Failure> {
    let context = build.context;
    let turn = session.write_turn(&context.stop).await.map_err(on_source)?;
    let database = session.database_name().to_owned();
    let fold = has_log(file.path());
    let work = move |connection: &::duckdb::Connection| {
        if fold {
            connection.execute_batch(&format!("checkpoint {}", quoted(&database)))?;
        }
        count_in(connection, &database)
    };
    context.host.progress(Progress::phase("writing the master's log into its file"));
    let tables = session.run(&context.stop, "preparing the master", work).await.map_err(on_source)?;
    if has_log(file.path()) {
        let message = "the master's write-ahead log is not empty after a checkpoint, so its file alone is not complete";
        return Err(Failure::transient(Code::DuckDbStatement, Side::Source, message)
            .with_hint("something else in this process writes to it; it is tried again"));
    }
    let to = build.place.temporary();
    if !space::may_share_blocks(file.path(), build.place.folder()) {
        let bytes = fs::metadata(file.path()).map_or(0, |found| found.len());
        space::refuse_if_short(build.place.folder(), bytes, context)?;
    }
    if let Some(found) = Box::pin(follow::copy(file.path(), to, context)).await? {
        build.fingerprint.get_or_init(|| found);
    }
    drop(turn);
    Ok(tables)
}

/// Writes everything that the master holds into a fresh file, as of one transaction.
async fn write_afresh(
    session: &DuckDbSession,
    has_foreign_keys: bool,
    build: &Build<'_>,
) -> Result<Vec<TableRows>, Failure> {
    let (from, to) = (session.database_name().to_owned(), build.database());
    let work = move |connection: &::duckdb::Connection| {
        let copy = format!("begin transaction; copy from database {} to {}", quoted(&from), quoted(&to));
        connection.execute_batch(&copy)?;
        let tables = count_in(connection, &from)?;
        connection.execute_batch("commit")?;
        Ok(tables)
    };
    build.context.host.progress(Progress::phase("writing the new file"));
    let copying = async {
        let copied = session.run(&build.context.stop, "writing the master's contents into a new file", work).await;
        copied.map_err(|error| {
            // Nothing is read of the new file that could be damaged.
            let damaged = error.kind == DuckDbErrorKind::Damaged;
            let failure = error.on(if damaged { Side::Source } else { Side::Target });
            if has_foreign_keys && failure.message.contains("oreign key") {
                return failure.with_hint("DuckDB copies tables without regard to foreign keys: use `method: copy`");
            }
            failure
        })
    };
    build.fill(session, copying).await
}

async fn facts(session: &DuckDbSession, build: &Build<'_>) -> Result<Facts, Failure> {
    let database = literal(session.database_name());
    let query = format!(
        "select (select tags['storage_version'] from duckdb_databases() where database_name = {database}), \
                block_size, total_blocks, free_blocks, \
                (select count(*) from duckdb_constraints() \
                  where database_name = {database} and constraint_type = 'FOREIGN KEY') \
           from pragma_database_size() where database_name = {database}"
    );
    let work = move |connection: &::duckdb::Connection| {
        connection.query_row(&query, [], |row| {
            Ok(Facts {
                storage_version: row.get(0)?,
                block_size: row.get(1)?,
                total_blocks: row.get(2)?,
                free_blocks: row.get(3)?,
                foreign_keys: row.get(4)?,
            })
        })
    };
    session.run(&build.context.stop, "looking at the master", work).await.map_err(on_source)
}

/// A replica that is its own master would be replaced under its writer.
fn refuse_the_same_file(master: &Path, build: &Build<'_>) -> Result<(), Failure> {
    let (Ok(one), Ok(other)) = (fs::metadata(master), fs::metadata(build.place.path())) else { return Ok(()) };
    if (one.dev(), one.ino()) != (other.dev(), other.ino()) {
        return Ok(());
    }
    let message = format!("the replica {} is the master itself", build.place.path().display());
    Err(Failure::permanent(Code::ReplicaTarget, Side::Target, message).with_hint("give the replica a path of its own"))
}

/// Whether a write-ahead log with anything in it lies beside the file.
fn has_log(path: &Path) -> bool {
    logs_of(path).any(|log| fs::metadata(log).is_ok_and(|found| found.len() > 0))
}

fn on_source(error: DuckDbError) -> Failure {
    error.on(Side::Source)
}

//! A replica from PostgreSQL tables and queries, all of them as of one moment.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::failure::{Failure, Side};
use crate::domain::step::PublishTable;
use crate::duckdb::DuckDbSession;
use crate::postgres::Session;
use crate::steps::{StepContext, session};

use super::build::{Build, Made, TableRows};
use super::chunk::spool_failure;
use super::table_copy;

/// One snapshot for all tables, and texts that DuckDB reads alike wherever the server stands.
const BEGIN: &str = "begin isolation level repeatable read read only; \
     set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; \
     set local bytea_output = 'hex'; set local extra_float_digits = 1";

/// Makes the hidden file from tables of that connection.
pub(super) async fn build(connection: &str, tables: &[PublishTable], build: &Build<'_>) -> Result<Made, Failure> {
    let server = build.context.environment.postgres(connection)?;
    let source = session::open(server, "source", Side::Source, build.context).await?;
    let result = read(tables, &source, build).await;
    session::end(source, &result, build.context).await;
    Ok(Made { method: "compact", tables: result? })
}

async fn read(tables: &[PublishTable], source: &Session, build: &Build<'_>) -> Result<Vec<TableRows>, Failure> {
    let context = build.context;
    source.run_until(&context.stop, Side::Source, source.execute(BEGIN, "taking a snapshot")).await?;
    let spool = Spool::make(context)?;
    let spill = spool.path().join("spill");
    let opening = Box::pin(DuckDbSession::in_memory(&spill));
    let target = context.unless_stopped(opening).await?.map_err(|error| error.on(Side::Internal))?;
    let copying = async {
        let mut copied = Vec::with_capacity(tables.len());
        for table in tables {
            copied.push(Box::pin(table_copy::copy(table, source, &target, spool.path(), build)).await?);
        }
        Ok(copied)
    };
    let result = build.fill(&target, copying).await;
    if let Err(error) = target.close().await {
        context.warn(error.to_string());
    }
    result
}

/// This attempt's folder for rows on their way. It goes with its owner.
struct Spool(PathBuf);

impl Spool {
    /// Makes the folder and removes those that earlier attempts of this step left.
    fn make(context: &StepContext) -> Result<Self, Failure> {
        let spool = &context.environment.spool;
        let doing = format!("making a folder in {}", spool.display());
        let made = || {
            fs::create_dir_all(spool)?;
            for entry in fs::read_dir(spool)?.flatten() {
                if entry.file_name().to_string_lossy().starts_with(&context.hidden_prefix()) {
                    fs::remove_dir_all(entry.path())?;
                }
            }
            let path = spool.join(context.hidden_name(0));
            fs::create_dir(&path)?;
            Ok(Self(path))
        };
        made().map_err(|error| spool_failure(&doing, &error))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What can't be removed now is removed by the next attempt of the step.
        drop(fs::remove_dir_all(&self.0));
    }
}

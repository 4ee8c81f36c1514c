//! A table of a DuckDB file.
//!
//! The file is open for a look at the beginning and for the load at the end. The rows come from the data's own file,
//! attached beside it; the target has them all or none.

use std::collections::BTreeMap;

use super::beside;
use super::fit::{self, Fit};
use super::memory::{self, NotLoaded};
use super::table::{Found, Load, Target};
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::progress::Progress;
use crate::domain::step::LoadMode;
use crate::duckdb::{DuckDbFile, DuckDbSession, DuckDbTransaction, OpenMode, literal, quoted};
use crate::steps::collect::data::{Column, Data};
use crate::steps::collect::source::Taken;
use crate::steps::{StepContext, marker, rows};

/// Looks at the table, and for the marker.
pub(super) async fn look(target: &Target<'_>, file: &DuckDbFile, context: &StepContext) -> Result<Found, Failure> {
    // Opened to write it would be made, and nobody knows yet whether there is anything to put into it.
    if !file.path().exists() {
        return Ok(Found::default());
    }
    let session = open(file, OpenMode::ReadOnly, context).await?;
    let found = find(target, &session, context).await;
    close(session, context).await;
    found
}

/// Loads the data and says which columns the table got.
pub(super) async fn load(
    target: &Target<'_>,
    file: &DuckDbFile,
    load: Load,
    context: &StepContext,
) -> Result<Vec<String>, Failure> {
    let Load { data: Data { session: reading, file: stage, columns, rows, rejected, .. }, taken } = load;
    // Two instances of one process must not have one file open.
    reading.close().await.map_err(|error| error.on(Side::Internal))?;
    context.host.progress(Progress { rows_expected: Some(rows), ..Progress::phase("loading") });
    let session = open(file, OpenMode::ReadWrite, context).await?;
    let source = quoted(&context.hidden_name(0));
    let has_rows = !columns.is_empty() || rejected > 0;
    if has_rows {
        let attach = format!("attach {} as {source} (read_only)", literal(&stage.display().to_string()));
        if let Err(failure) = execute(&session, vec![attach], "attaching the data", context).await {
            close(session, context).await;
            return Err(failure);
        }
    }
    let coming = Coming { columns, rows, rejected, taken, source: &source };
    let loaded = Box::pin(load_modestly(target, &session, &coming, context)).await;
    if has_rows {
        let detach = format!("detach database if exists {source}");
        let never = crate::steps::StopSignal::new();
        let detached = session.run(&never, "detaching the data", move |connection| connection.execute_batch(&detach));
        if let Err(error) = detached.await {
            context.warn(error.to_string());
        }
    }
    close(session, context).await;
    loaded
}

/// What comes, from the attached database `source`.
struct Coming<'a> {
    columns: Vec<Column>,
    rows: u64,
    rejected: u64,
    taken: Vec<Taken>,
    source: &'a str,
}

/// Loads with as little memory as should do, and with all of the file's where it doesn't.
async fn load_modestly(
    target: &Target<'_>,
    session: &DuckDbSession,
    coming: &Coming<'_>,
    context: &StepContext,
) -> Result<Vec<String>, Failure> {
    let enough = memory::enough(target, session, coming.columns.len(), context).await?;
    session.get_along_with(enough).await;
    match Box::pin(transact(target, session, coming, context)).await {
        Err(NotLoaded::Memory(failure)) if enough.is_some() => {
            context.info(format!("{failure}; once more with all of the memory that the file may have"));
            session.get_along_with(None).await;
            Ok(Box::pin(transact(target, session, coming, context)).await?)
        }
        loaded => Ok(loaded?),
    }
}

async fn transact(
    target: &Target<'_>,
    session: &DuckDbSession,
    coming: &Coming<'_>,
    context: &StepContext,
) -> Result<Vec<String>, NotLoaded> {
    let transaction = session.begin(&context.stop).await.map_err(NotLoaded::because)?;
    // Asked again: others may have changed the table while the data was fetched.
    let found = find(target, session, context).await?;
    let by_now: Vec<(String, String)> = found.taken.into_iter().collect();
    beside::still_new(&coming.taken, &by_now)?;
    let fit = match &found.columns {
        Some(existing) => {
            fit::fit((&target.table, target.into), &coming.columns, existing, str::eq_ignore_ascii_case, context)?
        }
        None => Fit { load: coming.columns.clone(), add: Vec::new() },
    };
    let mut statements = statements_of(target, session, &fit, found.columns.is_some(), coming.source)?;
    statements.extend(statements_beside(target, session, coming));
    let doing = format!("loading into {}", target.table);
    run(&transaction, statements, &doing, context).await?;
    context.unless_stopped(context.host.gate()).await??;
    transaction.commit().await.map_err(NotLoaded::because)?;
    Ok(fit.added())
}

/// What happens to the table in the transaction.
fn statements_of(
    target: &Target<'_>,
    session: &DuckDbSession,
    fit: &Fit,
    exists: bool,
    source: &str,
) -> Result<Vec<String>, Failure> {
    let table = full(session, &target.table);
    let from = format!("{source}.main.data");
    let names: Vec<String> = fit.load.iter().map(|column| column.name.clone()).collect();
    let mut all = Vec::new();
    let definition = |column: &str, sql_type: &str| format!("{} {sql_type}", quoted(column));
    match (exists, names.is_empty()) {
        (false, false) => all.push(format!("create table {table} as from {from}")),
        (false, true) if target.into.columns.is_empty() => return Err(fit::no_columns(&target.table)),
        (false, true) => {
            let declared = target.into.columns.iter();
            let declared: Vec<String> = declared.map(|column| definition(&column.name, &column.sql_type)).collect();
            all.push(format!("create table {table} ({})", declared.join(", ")));
        }
        (true, _) => {
            // Before any row changes: DuckDB refuses it afterwards.
            for column in &fit.add {
                all.push(format!("alter table {table} add column {}", definition(&column.name, &column.sql_type)));
            }
            if target.into.mode == LoadMode::Replace {
                all.push(format!("delete from {table}"));
            }
            match target.into.mode {
                _ if names.is_empty() => {}
                LoadMode::Replace | LoadMode::Append => {
                    all.push(rows::insert(rows::Dialect::DuckDb, &table, &from, &names));
                }
                LoadMode::Upsert => {
                    all.extend(rows::upsert(rows::Dialect::DuckDb, &table, &from, &names, &target.into.key));
                }
            }
        }
    }
    Ok(all)
}

/// What happens beside the table in the same transaction.
fn statements_beside(target: &Target<'_>, session: &DuckDbSession, coming: &Coming<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if coming.rejected > 0 {
        let rejects = neighbour(session, &target.table, &target.rejects());
        all.push(beside::make_rejects(&rejects));
        all.extend(target.owner.put_aside(&rejects, &format!("{}.main.rejects", coming.source)));
    }
    if !coming.taken.is_empty() {
        let files = neighbour(session, &target.table, beside::FILES);
        all.push(beside::make_files(&files));
        all.extend(target.owner.remember(&files, &coming.taken));
    }
    if target.leaves_marker() {
        let markers = markers(session, &target.table);
        all.push(marker::make(&markers));
        all.extend(target.mark.leave(&markers, coming.rows));
    }
    all
}

/// The table's columns, and whether this run and step have loaded it.
async fn find(target: &Target<'_>, session: &DuckDbSession, context: &StepContext) -> Result<Found, Failure> {
    let place = |name: &str| {
        format!(
            "database_name = {} and lower(schema_name) = lower({}) and lower(table_name) = lower({})",
            literal(session.database_name()),
            literal(target.table.schema.as_deref().unwrap_or("main")),
            literal(name)
        )
    };
    let columns = format!(
        "select column_name, data_type from duckdb_columns() where {} order by column_index",
        place(&target.table.name)
    );
    let has = |table: &str| format!("select count(*) from duckdb_tables() where {}", place(table));
    let (has_markers, has_files) = (has(marker::TABLE), has(beside::FILES));
    let marker = target.mark.find(&markers(session, &target.table));
    let files = target.owner.taken(&neighbour(session, &target.table, beside::FILES));
    let (looks_for_marker, looks_for_files) = (target.leaves_marker(), target.remembers);
    let found = session.run(&context.stop, "looking at the table", move |connection| {
        let mut statement = connection.prepare(&columns)?;
        let columns = statement.query_map([], |row| Ok(Column { name: row.get(0)?, sql_type: row.get(1)? }))?;
        let columns: Vec<Column> = columns.collect::<Result<_, _>>()?;
        let has_markers = looks_for_marker && connection.query_row(&has_markers, [], |row| row.get::<_, u64>(0))? > 0;
        let mut loaded = None;
        if has_markers {
            let mut statement = connection.prepare(&marker)?;
            loaded = statement.query_map([], |row| row.get::<_, u64>(0))?.next().transpose()?;
        }
        let mut taken = BTreeMap::new();
        if looks_for_files && connection.query_row(&has_files, [], |row| row.get::<_, u64>(0))? > 0 {
            let mut statement = connection.prepare(&files)?;
            let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            taken = found.collect::<Result<_, _>>()?;
        }
        Ok(Found { columns: (!columns.is_empty()).then_some(columns), loaded, taken })
    });
    found.await.map_err(|error| error.on(Side::Target))
}

async fn open(file: &DuckDbFile, mode: OpenMode, context: &StepContext) -> Result<DuckDbSession, Failure> {
    context.unless_stopped(file.open(mode)).await?.map_err(|error| error.on(Side::Target))
}

async fn close(session: DuckDbSession, context: &StepContext) {
    if let Err(error) = session.close().await {
        context.warn(error.to_string());
    }
}

async fn execute(
    session: &DuckDbSession,
    statements: Vec<String>,
    doing: &str,
    context: &StepContext,
) -> Result<(), Failure> {
    let done = session.run(&context.stop, doing, move |connection| all(connection, &statements)).await;
    done.map_err(|error| error.on(Side::Target))
}

async fn run(
    transaction: &DuckDbTransaction<'_>,
    statements: Vec<String>,
    doing: &str,
    context: &StepContext,
) -> Result<(), NotLoaded> {
    let done = transaction.run(&context.stop, doing, move |connection| all(connection, &statements)).await;
    done.map_err(NotLoaded::because)
}

fn all(connection: &::duckdb::Connection, statements: &[String]) -> ::duckdb::Result<()> {
    statements.iter().try_for_each(|statement| connection.execute_batch(statement))
}

/// The table's full name. With the database's, because `a.b` might also be table `b` of a database `a`.
fn full(session: &DuckDbSession, table: &TableName) -> String {
    neighbour(session, table, &table.name)
}

fn markers(session: &DuckDbSession, table: &TableName) -> String {
    neighbour(session, table, marker::TABLE)
}

fn neighbour(session: &DuckDbSession, table: &TableName, name: &str) -> String {
    let schema = table.schema.as_deref().unwrap_or("main");
    format!("{}.{}.{}", quoted(session.database_name()), quoted(schema), quoted(name))
}

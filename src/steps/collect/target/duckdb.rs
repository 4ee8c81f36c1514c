//! A table of a DuckDB file.
//!
//! The file is open for a look at the beginning and for the load at the end. The rows come from the data's own file,
//! attached beside it; the target has them all or none.

use super::fit;
use super::table::{Found, Target};
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::progress::Progress;
use crate::domain::step::LoadMode;
use crate::duckdb::{DuckDbError, DuckDbFile, DuckDbSession, DuckDbTransaction, OpenMode, literal, quoted};
use crate::steps::collect::data::{Column, Data};
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

/// Loads the data.
pub(super) async fn load(
    target: &Target<'_>,
    file: &DuckDbFile,
    data: Data,
    context: &StepContext,
) -> Result<u64, Failure> {
    let Data { session: reading, file: stage, columns, rows } = data;
    // Two instances of one process must not have one file open.
    reading.close().await.map_err(|error| error.on(Side::Internal))?;
    context.host.progress(Progress { rows_expected: Some(rows), ..Progress::phase("loading") });
    let session = open(file, OpenMode::ReadWrite, context).await?;
    let source = quoted(&context.hidden_name(0));
    let has_rows = !columns.is_empty();
    if has_rows {
        let attach = format!("attach {} as {source} (read_only)", literal(&stage.display().to_string()));
        if let Err(failure) = execute(&session, vec![attach], "attaching the data", context).await {
            close(session, context).await;
            return Err(failure);
        }
    }
    let loaded = transact(target, &session, &columns, rows, &source, context).await;
    if has_rows {
        let detach = format!("detach database if exists {source}");
        let never = crate::steps::StopSignal::new();
        let detached = session.run(&never, "detaching the data", move |connection| connection.execute_batch(&detach));
        if let Err(error) = detached.await {
            context.warn(error.to_string());
        }
    }
    close(session, context).await;
    loaded.map(|()| rows)
}

async fn transact(
    target: &Target<'_>,
    session: &DuckDbSession,
    columns: &[Column],
    rows: u64,
    source: &str,
    context: &StepContext,
) -> Result<(), Failure> {
    let transaction = session.begin(&context.stop).await.map_err(|error| error.on(Side::Target))?;
    // Asked again: others may have changed the table while the data was fetched.
    let existing = find(target, session, context).await?.columns;
    if let Some(existing) = &existing {
        fit::check(&target.table, columns, existing, str::eq_ignore_ascii_case, context)?;
    }
    let statements = statements_of(target, session, columns, rows, existing.is_some(), source)?;
    let doing = format!("loading into {}", target.table);
    run(&transaction, statements, &doing, context).await?;
    context.unless_stopped(context.host.gate()).await??;
    transaction.commit().await.map_err(|error| error.on(Side::Target))
}

/// Everything that happens in the transaction.
fn statements_of(
    target: &Target<'_>,
    session: &DuckDbSession,
    columns: &[Column],
    rows: u64,
    exists: bool,
    source: &str,
) -> Result<Vec<String>, Failure> {
    let table = full(session, &target.table);
    let from = format!("{source}.main.data");
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut all = Vec::new();
    match (exists, columns.is_empty()) {
        (false, false) => all.push(format!("create table {table} as from {from}")),
        (false, true) if target.into.columns.is_empty() => return Err(fit::no_columns(&target.table)),
        (false, true) => {
            let declared = target.into.columns.iter();
            let declared: Vec<String> =
                declared.map(|column| format!("{} {}", quoted(&column.name), column.sql_type)).collect();
            all.push(format!("create table {table} ({})", declared.join(", ")));
        }
        (true, _) => {
            if target.into.mode == LoadMode::Replace {
                all.push(format!("delete from {table}"));
            }
            match target.into.mode {
                _ if columns.is_empty() => {}
                LoadMode::Replace | LoadMode::Append => {
                    all.push(rows::insert(rows::Dialect::DuckDb, &table, &from, &names));
                }
                LoadMode::Upsert => {
                    all.extend(rows::upsert(rows::Dialect::DuckDb, &table, &from, &names, &target.into.key));
                }
            }
        }
    }
    if target.leaves_marker() {
        let markers = markers(session, &target.table);
        all.push(marker::make(&markers));
        all.extend(target.mark.leave(&markers, rows));
    }
    Ok(all)
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
    let has_markers = format!("select count(*) from duckdb_tables() where {}", place(marker::TABLE));
    let marker = target.mark.find(&markers(session, &target.table));
    let looks_for_marker = target.leaves_marker();
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
        Ok(Found { columns: (!columns.is_empty()).then_some(columns), loaded })
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
) -> Result<(), Failure> {
    let done = transaction.run(&context.stop, doing, move |connection| all(connection, &statements)).await;
    done.map_err(|error: DuckDbError| error.on(Side::Target))
}

fn all(connection: &::duckdb::Connection, statements: &[String]) -> ::duckdb::Result<()> {
    statements.iter().try_for_each(|statement| connection.execute_batch(statement))
}

/// The table's full name. With the database's, because `a.b` might also be table `b` of a database `a`.
fn full(session: &DuckDbSession, table: &TableName) -> String {
    beside(session, table, &table.name)
}

fn markers(session: &DuckDbSession, table: &TableName) -> String {
    beside(session, table, marker::TABLE)
}

fn beside(session: &DuckDbSession, table: &TableName, name: &str) -> String {
    let schema = table.schema.as_deref().unwrap_or("main");
    format!("{}.{}.{}", quoted(session.database_name()), quoted(schema), quoted(name))
}

//! The rows of a query on one of our own connections, read into a private DuckDB file like those of a body.

use std::path::Path;

use super::read::{Column, Data, WantedTypes};
use super::stage;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{BodyFormat, CopySource, QuerySource};
use crate::duckdb::{DuckDbFile, DuckDbSession, OpenMode, literal, quoted};
use crate::postgres::{Server, Session};
use crate::steps::columnar::{self, Reading};
use crate::steps::reading::meter::Meter;
use crate::steps::reading::rate::Copied;
use crate::steps::reading::{snapshot, source};
use crate::steps::spool::Spool;
use crate::steps::{Connection, StepContext, session};

/// The table that rows come into, before they have the types that are wanted.
const INCOMING: &str = "stage.main.incoming";

/// Runs the query and keeps its rows. Says how many bytes came; none are counted between two DuckDB files.
pub(in crate::steps::collect) async fn query(
    source: &QuerySource,
    wanted: &dyn WantedTypes,
    spool: &Spool,
    context: &StepContext,
) -> Result<(Data, u64), Failure> {
    let file = spool.path("stage.duckdb");
    let connection = context.environment.connection(&source.connection)?;
    if let Connection::DuckDb(from) = connection {
        Box::pin(of_duckdb(from, source, &file, context)).await?;
    }
    let session = stage::session(spool).await?;
    stage::attach(&session, &file, context).await?;
    let bytes = match connection {
        Connection::DuckDb(_) => 0,
        Connection::Postgres(server) => Box::pin(of_postgres(server, source, &session, context)).await?,
    };
    let found = on_stage(&session, context, |connection| super::read::columns(connection, DESCRIBE)).await?;
    let columns = found.iter().map(|column| {
        let sql_type = wanted.wanted(&column.name, BodyFormat::Parquet).unwrap_or_else(|| column.sql_type.clone());
        Column { name: column.name.clone(), sql_type }
    });
    let columns: Vec<Column> = columns.collect();
    let keep = keep(&found, &columns);
    let rows = on_stage(&session, context, move |connection| {
        connection.execute_batch(&keep)?;
        connection.query_row("select count(*) from stage.main.data", [], |row| row.get(0))
    });
    Ok((Data { rows: rows.await?, session, file, columns, rejected: 0, inferred: found, first_rows: None }, bytes))
}

/// What came.
const DESCRIBE: &str = "describe select * from stage.main.incoming";

/// Statements that make the table of data from what came.
fn keep(found: &[Column], columns: &[Column]) -> String {
    if found == columns {
        return format!("alter table {INCOMING} rename to data");
    }
    let cast = columns.iter().map(|column| format!("cast({0} as {1}) as {0}", quoted(&column.name), column.sql_type));
    let cast = cast.collect::<Vec<_>>().join(", ");
    format!("create table stage.main.data as select {cast} from {INCOMING}; drop table {INCOMING}")
}

/// Reads PostgreSQL's rows, as of one moment.
async fn of_postgres(
    server: &Server,
    source: &QuerySource,
    target: &DuckDbSession,
    context: &StepContext,
) -> Result<u64, Failure> {
    let snapshot = snapshot::take(server, false, context).await?;
    let read = Box::pin(from_session(&snapshot.session, source, target, context)).await;
    session::end(snapshot.session, &read, context).await;
    read
}

async fn from_session(
    session: &Session,
    source: &QuerySource,
    target: &DuckDbSession,
    context: &StepContext,
) -> Result<u64, Failure> {
    let wanted = CopySource::Query(source.statement.clone());
    let mut source = source::describe_one(&wanted, session, context).await?;
    let columns = columnar::describe(&source, session, context).await?;
    columnar::ask(&mut source, &columns);
    let definitions = columns.iter().map(columnar::column::Column::definition).collect::<Vec<_>>().join(", ");
    let make = format!("create table {INCOMING} ({definitions})");
    on_stage(target, context, move |connection| connection.execute_batch(&make)).await?;
    let (query, name) = (source.rows.query(), source.name);
    context.debug(format!("reading {name}: {query}"));
    let meter = Meter::new([(name.clone(), source.rows_expected, 1)].into_iter());
    let flow = meter.begin(0);
    let reading = Reading { source: session, query: &query, name: &name, columns: &columns, flow: &flow };
    let rows = tokio::select! {
        copied = columnar::copy(reading, target, INCOMING, context) => copied?,
        told = meter.tell(context) => match told {},
    };
    meter.end(0, &flow, Copied { rows, bytes: flow.bytes() });
    Ok(flow.bytes())
}

/// Has DuckDB write the rows of a file into ours.
async fn of_duckdb(from: &DuckDbFile, source: &QuerySource, file: &Path, context: &StepContext) -> Result<(), Failure> {
    let query = source::one_statement(&context.scope.sql(&source.statement)?)
        .map_err(|failure| Failure { code: Code::DuckDbStatement, ..failure })?;
    let session = context.unless_stopped(Box::pin(from.open(OpenMode::ReadOnly))).await?;
    let session = session.map_err(|error| error.on(Side::Source))?;
    // The instance may be another step's too, so the name is ours alone.
    let name = quoted(&context.hidden_name(0));
    let file = literal(&file.display().to_string());
    let (attach, detach) = (format!("attach {file} as {name}"), format!("detach database if exists {name}"));
    let create = format!("create table {name}.main.incoming as {query}");
    let work = move |connection: &::duckdb::Connection| {
        connection.execute_batch(&attach)?;
        let created = connection.execute_batch(&create);
        connection.execute_batch(&detach)?;
        created
    };
    let read = session.run(&context.stop, "running the query", work).await.map_err(|error| error.on(Side::Source));
    if let Err(error) = session.close().await {
        context.warn(error.to_string());
    }
    read
}

async fn on_stage<T: Send + 'static>(
    session: &DuckDbSession,
    context: &StepContext,
    work: impl FnOnce(&::duckdb::Connection) -> Result<T, ::duckdb::Error> + Send + 'static,
) -> Result<T, Failure> {
    let done = session.run(&context.stop, "keeping what the query returned", work).await;
    done.map_err(|error| error.on(Side::Internal))
}

//! One table of a replica made from PostgreSQL: described, made in the new file, filled chunk by chunk.
//!
//! While DuckDB reads one chunk, PostgreSQL fills the next; neither memory nor disk grows with the table.

use std::path::Path;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::observation::Observation;
use crate::domain::progress::Progress;
use crate::domain::step::PublishTable;
use crate::duckdb::{DuckDbSession, literal, quoted};
use crate::postgres::{Ident, PgError, Session};
use crate::steps::copy_to_staging::source;

use super::build::{Build, TableRows};
use super::chunk::{self, Chunk};
use super::column::{Column, NumericNeed};

/// Room for a row's own line ending and for DuckDB's way of counting.
const LINE_MARGIN: usize = 1024;

/// Below this DuckDB's default for the longest line is enough.
const DEFAULT_LINE: usize = 2_000_000;

/// Copies one table or query into the new file and says how many rows the server sent.
pub(super) async fn copy(
    table: &PublishTable,
    server: &Session,
    target: &DuckDbSession,
    spool: &Path,
    build: &Build<'_>,
) -> Result<TableRows, Failure> {
    let context = build.context;
    let name = TableName::parse(&table.name)
        .map_err(|error| Failure::permanent(Code::ReplicaTarget, Side::Internal, error.to_string()))?;
    let query = source::query_of(&table.source, context)?;
    // The line break ends a comment that the query may end with.
    let relation = format!("({query}\n) as windlass_source");
    let doing = format!("reading `{name}`");
    let columns = Box::pin(describe(&relation, server, &doing, build)).await?;
    let full = make_table(&name, &columns, target, build).await?;

    let asked = columns.iter().map(Column::asked).collect::<Vec<_>>().join(", ");
    let query = format!(
        "copy (select {asked} from {relation}) to stdout \
         (format csv, null '\\N', force_quote *, encoding 'UTF8')"
    );
    let opening =
        async { server.client().copy_out(query.as_str()).await.map_err(|error| PgError::new(doing.as_str(), &error)) };
    let mut rows = Box::pin(server.run_until(&context.stop, Side::Source, opening).await?);
    context.debug(format!("copying `{name}`: {query}"));

    let mut total = Progress { rows: Some(0), bytes: Some(0), ..Progress::phase(doing.as_str()) };
    let mut full_chunk: Option<Chunk> = None;
    for file in ["one.csv", "other.csv"].iter().cycle() {
        let path = spool.join(file);
        let loading = load(full_chunk.as_ref(), &columns, &full, target, build);
        let filling = context.unless_stopped(chunk::fill(&mut rows, &path, &doing));
        let ((), filled) = tokio::try_join!(loading, async { filling.await? })?;
        context.host.observe(Observation::Copied { rows: filled.rows, bytes: filled.bytes });
        total.rows = total.rows.map(|rows| rows + filled.rows);
        total.bytes = total.bytes.map(|bytes| bytes + filled.bytes);
        context.host.progress(total.clone());
        if filled.last {
            load(Some(&filled), &columns, &full, target, build).await?;
            break;
        }
        full_chunk = Some(filled);
    }
    let rows = total.rows.unwrap_or(0);
    context.info(format!("{name}: {rows} rows, {} bytes", total.bytes.unwrap_or(0)));
    Ok(TableRows { schema: name.schema.unwrap_or_else(|| "main".to_owned()), name: name.name, rows })
}

/// The columns of a relation, with the types that they get in DuckDB.
async fn describe(relation: &str, server: &Session, doing: &str, build: &Build<'_>) -> Result<Vec<Column>, Failure> {
    let stop = &build.context.stop;
    let all = format!("select * from {relation}");
    let preparing = async { server.client().prepare(&all).await.map_err(|error| PgError::new(doing, &error)) };
    let statement = server.run_until(stop, Side::Source, preparing).await?;
    let mut columns: Vec<Column> = statement.columns().iter().map(Column::of).collect();
    let open: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].is_open()).collect();
    if open.is_empty() {
        return Ok(columns);
    }
    // Not finite: a value that has no scale.
    let needs = open.iter().map(|at| {
        let name = Ident::new(columns[*at].name());
        format!(
            "coalesce(length(trunc(max(abs({name})) filter (where scale({name}) is not null))::text), 0), \
             coalesce(max(scale({name})), 0), coalesce(bool_and(scale({name}) is not null) filter (where {name} is not null), true)"
        )
    });
    let query = format!("select {} from {relation}", needs.collect::<Vec<_>>().join(", "));
    build.context.host.progress(Progress::phase(format!("{doing}: measuring its numbers")));
    let row = server.run_until(stop, Side::Source, server.query_one(&query, &[], doing)).await?;
    for (number, at) in open.into_iter().enumerate() {
        let digits = |offset: usize| u32::try_from(row.get::<_, i32>(number * 3 + offset)).unwrap_or(u32::MAX / 2);
        let need = NumericNeed { before: digits(0), after: digits(1), finite: row.get(number * 3 + 2) };
        if !columns[at].settle(need) {
            build.context.warn(format!(
                "column `{}` is published as text: it holds numbers of more than 38 digits, NaN or infinity; \
                 cast it in a query to publish it as a number",
                columns[at].name()
            ));
        }
    }
    Ok(columns)
}

/// Makes the table, and its schema if need be; returns its full name.
async fn make_table(
    name: &TableName,
    columns: &[Column],
    target: &DuckDbSession,
    build: &Build<'_>,
) -> Result<String, Failure> {
    let database = quoted(&build.database());
    let schema = quoted(name.schema.as_deref().unwrap_or("main"));
    let full = format!("{database}.{schema}.{}", quoted(&name.name));
    let definitions = columns.iter().map(Column::definition).collect::<Vec<_>>().join(", ");
    let make = format!("create schema if not exists {database}.{schema}; create table {full} ({definitions})");
    let doing = format!("making the table `{name}`");
    let work = move |connection: &::duckdb::Connection| connection.execute_batch(&make);
    target.run(&build.context.stop, &doing, work).await.map_err(|error| error.on(Side::Target))?;
    Ok(full)
}

/// Appends a chunk to the table, and checks that each of its rows arrived.
async fn load(
    chunk: Option<&Chunk>,
    columns: &[Column],
    table: &str,
    target: &DuckDbSession,
    build: &Build<'_>,
) -> Result<(), Failure> {
    let Some(chunk) = chunk.filter(|chunk| chunk.rows > 0) else { return Ok(()) };
    let texts: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    let values = columns.iter().zip(&texts).map(|(column, text)| column.read(text)).collect::<Vec<_>>().join(", ");
    let types = texts.iter().map(|text| format!("{text}: 'VARCHAR'")).collect::<Vec<_>>().join(", ");
    let longest = (chunk.longest + LINE_MARGIN).max(DEFAULT_LINE);
    let insert = format!(
        "insert into {table} select {values} from read_csv({}, auto_detect = false, header = false, delim = ',', \
         quote = '\"', escape = '\"', nullstr = '\\N', allow_quoted_nulls = false, new_line = '\\n', \
         max_line_size = {longest}, columns = {{{types}}})",
        literal(&chunk.path.display().to_string())
    );
    let doing = format!("writing rows into {table}");
    let work = move |connection: &::duckdb::Connection| connection.execute(&insert, []);
    let written = target.run(&build.context.stop, &doing, work).await.map_err(|error| error.on(Side::Target))?;
    if written as u64 != chunk.rows {
        let message = format!("{doing}: {} rows were read, {written} were written", chunk.rows);
        return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
    }
    Ok(())
}

//! Rows that can't be read, put aside: the table `stage.main.rejects`.
//!
//! DuckDB's CSV reader says which rows are bad where it is told the columns. So each file is read once for that, and
//! the good rows are written again; what follows infers and reads as it does with any other file. Lines of NDJSON have
//! been put aside already.

use std::path::Path;

use super::dialect::{self, Dialect};
use super::read::{Column, WantedTypes};
use super::reader::{list, pairs};
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::domain::step::{BadRows, BodyFormat};
use crate::duckdb::{DuckDbSession, literal, quoted};
use crate::steps::StepContext;
use crate::steps::collect::source::{Body, BodyFile, too_many};
use crate::steps::spool::Spool;

/// Bytes of a bad row's text that are kept.
const KEPT: usize = 4096;

/// A whole number as text that PostgreSQL reads as one; what is none keeps its decimals, for PostgreSQL to refuse.
pub(in crate::steps::collect) const WHOLE: &str = "DECIMAL(38,18)";

/// Makes the table of bad lines that were put aside, if there are any. Says how many.
pub(super) async fn of_lines(aside: &Path, session: &DuckDbSession, context: &StepContext) -> Result<u64, Failure> {
    let lines = literal(&aside.display().to_string());
    let types = "{'file': 'VARCHAR', 'line': 'BIGINT', 'text': 'VARCHAR', 'error': 'VARCHAR'}";
    let make = format!(
        "create table stage.main.rejects as select file, line, null::varchar as column_name, text, error \
         from read_json({lines}, format = 'newline_delimited', columns = {types})"
    );
    count_after(make, session, context).await
}

/// Puts the bad rows of CSV files aside. The body that comes of it is written as `Dialect::plain` says.
pub(super) async fn of_csv(
    body: &Body,
    dialect: &Dialect,
    bad_rows: &BadRows,
    wanted: &dyn WantedTypes,
    session: &DuckDbSession,
    spool: &Spool,
    context: &StepContext,
) -> Result<(Body, u64), Failure> {
    context.host.progress(Progress::phase("looking for bad rows"));
    let make = "create table stage.main.rejects (file varchar, line bigint, column_name varchar, text varchar, \
                error varchar)";
    count_after(make.to_owned(), session, context).await?;
    let (mut files, mut count) = (Vec::new(), 0);
    for (number, file) in body.files.iter().enumerate() {
        let path = spool.path(&format!("good-{number}.csv"));
        let names = names(file, dialect, session, context).await?;
        let columns = checked(names, wanted);
        count = count_after(split(file, number, &path, &columns, dialect, bad_rows.limit), session, context).await?;
        if count > bad_rows.limit {
            return Err(over(bad_rows.limit, session, context).await?);
        }
        files.push(BodyFile { path, label: file.label.clone() });
    }
    Ok((
        Body { files, format: BodyFormat::Csv, records: body.records, shapes: None, mark: None, bytes: body.bytes },
        count,
    ))
}

/// Statements that write a file's good rows and keep its bad ones.
fn split(file: &BodyFile, number: usize, to: &Path, columns: &[Column], dialect: &Dialect, limit: u64) -> String {
    let types = pairs(columns.iter().map(|column| (column.name.as_str(), column.sql_type.as_str())));
    // A row has at most one error for each column, so these are enough to see that there are too many.
    let errors = limit.saturating_add(1).saturating_mul(columns.len() as u64 + 1).min(u64::from(u32::MAX));
    let shown = columns.iter().map(|column| match (quoted(&column.name), column.sql_type.as_str()) {
        (name, WHOLE) => {
            format!("case when {name} = trunc({name}) then {name}::hugeint::varchar else {name}::varchar end as {name}")
        }
        (name, _) => name,
    });
    format!(
        "copy (select {} from read_csv({}, {}, dateformat = '%Y-%m-%d', auto_detect = false, columns = {types}, \
         store_rejects = true, rejects_table = 'bad_{number}', rejects_scan = 'bad_scan_{number}', \
         rejects_limit = {errors})) to {} ({}); \
         insert into stage.main.rejects select {}, line, first(column_name order by column_idx), \
         first(left(replace(ltrim(csv_line, chr(10)), chr(0), ''), {KEPT})), \
         string_agg(error_message, '; ' order by column_idx) from bad_{number} group by line, line_byte_position; \
         drop table bad_{number}; drop table bad_scan_{number}",
        shown.collect::<Vec<_>>().join(", "),
        list(&[&file.path]),
        dialect.options(),
        literal(&to.display().to_string()),
        dialect::written(),
        literal(&file.label),
    )
}

/// The names of a file's columns.
async fn names(
    file: &BodyFile,
    dialect: &Dialect,
    session: &DuckDbSession,
    context: &StepContext,
) -> Result<Vec<String>, Failure> {
    if !dialect.declared().is_empty() {
        return Ok(dialect.declared().to_vec());
    }
    let dialect = dialect.for_file(&file.path);
    let placeholders: Vec<String> = (0..dialect.width()).map(|number| format!("c{number}")).collect();
    let types = pairs(placeholders.iter().map(|name| (name.as_str(), "VARCHAR")));
    // What the reader would call the columns of this header alone.
    let describe = format!(
        "select unnest([{}]) as name from read_csv({}, {}, auto_detect = false, columns = {types}, ignore_errors = true) limit {}",
        placeholders.join(", "),
        list(&[&file.path]),
        dialect.without_header().options(),
        dialect.width(),
    );
    let ask = move |connection: &duckdb::Connection| {
        let mut statement = connection.prepare(&describe)?;
        let names = statement.query_map([], |row| row.get::<_, Option<String>>(0))?;
        names.collect::<duckdb::Result<Vec<_>>>()
    };
    let names = session.run(&context.stop, "reading the header", ask).await.map_err(|error| error.on(Side::Source))?;
    Ok(names.into_iter().enumerate().map(|(at, name)| name.unwrap_or_else(|| format!("column{at}"))).collect())
}

/// The columns with the types that their values must fit.
fn checked(names: Vec<String>, wanted: &dyn WantedTypes) -> Vec<Column> {
    let typed = names.into_iter().map(|name| {
        let sql_type = wanted.checked(&name).unwrap_or_else(|| "VARCHAR".to_owned());
        Column { name, sql_type }
    });
    typed.collect()
}

/// The failure of too many bad rows.
async fn over(limit: u64, session: &DuckDbSession, context: &StepContext) -> Result<Failure, Failure> {
    let ask = |connection: &duckdb::Connection| {
        let query = "select file, line, error from stage.main.rejects limit 1";
        connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    };
    let first: Result<(String, u64, String), _> = session.run(&context.stop, "looking at bad rows", ask).await;
    let (label, line, error) = first.map_err(|error| error.on(Side::Internal))?;
    Ok(too_many(&label, limit, line, &error.replace('\n', "; ")))
}

async fn count_after(statements: String, session: &DuckDbSession, context: &StepContext) -> Result<u64, Failure> {
    let work = move |connection: &duckdb::Connection| {
        connection.execute_batch(&statements)?;
        connection.query_row("select count(*) from stage.main.rejects", [], |row| row.get(0))
    };
    session.run(&context.stop, "putting bad rows aside", work).await.map_err(|error| error.on(Side::Source))
}

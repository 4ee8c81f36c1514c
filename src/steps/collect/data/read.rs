//! A body read into a private DuckDB file, from which it is checked and loaded.

use std::path::{Path, PathBuf};

use super::dialect::Dialect;
use super::reader::{FIRST_ROWS, Reader};
use super::{rejects, stage};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{BadRows, BodyFormat, Csv};
use crate::duckdb::{DuckDbError, DuckDbErrorKind, DuckDbSession};
use crate::steps::StepContext;
use crate::steps::collect::source::Body;
use crate::steps::spool::Spool;

/// A column and its type, in DuckDB's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::steps::collect) struct Column {
    pub(in crate::steps::collect) name: String,
    pub(in crate::steps::collect) sql_type: String,
}

/// What was collected: the table `stage.main.data` of a session in memory, kept in a file of its own.
pub(in crate::steps::collect) struct Data {
    /// A session that knows the table.
    pub(in crate::steps::collect) session: DuckDbSession,
    /// The file.
    pub(in crate::steps::collect) file: PathBuf,
    /// Its columns; none if there is no record that would have shown them.
    pub(in crate::steps::collect) columns: Vec<Column>,
    /// Its rows.
    pub(in crate::steps::collect) rows: u64,
    /// The rows of `stage.main.rejects`; that table is there if there are any.
    pub(in crate::steps::collect) rejected: u64,
    /// What the columns would be if neither table nor declaration said otherwise.
    pub(in crate::steps::collect) inferred: Vec<Column>,
    /// How many rows were asked for that, where nothing depended on it and there are more; `None` for all of them.
    pub(in crate::steps::collect) first_rows: Option<u64>,
}

/// How a body is to be read.
#[derive(Clone, Copy)]
pub(in crate::steps::collect) struct HowToRead<'r> {
    /// How CSV is written.
    pub(in crate::steps::collect) csv: &'r Csv,
    /// What becomes of rows that can't be read.
    pub(in crate::steps::collect) bad_rows: Option<&'r BadRows>,
    /// Lines that were put aside already.
    pub(in crate::steps::collect) aside: Option<&'r Path>,
    /// What columns are to be read as.
    pub(in crate::steps::collect) wanted: &'r dyn WantedTypes,
}

/// What a column is to be read as.
pub(in crate::steps::collect) trait WantedTypes: Send + Sync {
    /// The type for a column of that name, or `None` to take the inferred one.
    fn wanted(&self, name: &str, format: BodyFormat) -> Option<String>;

    /// The type that tells a good value of CSV from a bad one; `None` if any text will do.
    fn checked(&self, name: &str) -> Option<String>;
}

/// Reads a body.
pub(in crate::steps::collect) async fn read(
    body: Body,
    how: HowToRead<'_>,
    spool: &Spool,
    context: &StepContext,
) -> Result<Data, Failure> {
    let (session, file) = (stage::session(spool).await?, spool.path("stage.duckdb"));
    stage::attach(&session, &file, context).await?;
    let mut dialect = Dialect::of(how.csv, body.files.first().map(|file| file.path.as_path()));
    let (mut body, mut rejected) = (body, 0);
    match (how.aside, how.bad_rows) {
        (Some(aside), _) => rejected = rejects::of_lines(aside, &session, context).await?,
        (None, Some(bad_rows)) if body.format == BodyFormat::Csv => {
            let split = rejects::of_csv(&body, &dialect, bad_rows, how.wanted, &session, spool, context);
            (body, rejected) = Box::pin(split).await?;
            dialect = Dialect::plain();
        }
        (None, _) => {}
    }
    if body.records == Some(0) {
        return Ok(Data {
            session,
            file,
            columns: Vec::new(),
            rows: 0,
            rejected,
            inferred: Vec::new(),
            first_rows: None,
        });
    }
    let reader = Reader::new(&body, &dialect);
    let size = body.files.iter().filter_map(|file| std::fs::metadata(&file.path).ok()).map(|about| about.len()).sum();
    if let Some(columns) = reader.most_columns() {
        stage::suit(&session, columns, size).await?;
    }
    let wanted = |column: &Column| how.wanted.wanted(&column.name, body.format);
    // What every column is to be read as may be known. The names of all columns of CSV stand in its first line.
    let mut inferred = None;
    if let Some(sample) = reader.inferring_from_first_rows() {
        let first = infer(&session, &reader, sample, &body, context).await?;
        inferred = first.iter().all(|column| wanted(column).is_some()).then_some(first);
    }
    let sampled = inferred.is_some();
    let inferred = match inferred {
        Some(first) => first,
        None => infer_from_all(&session, &reader, &body, context).await?,
    };
    let columns = inferred.iter().map(|column| {
        let sql_type = wanted(column).unwrap_or_else(|| column.sql_type.clone());
        Column { sql_type, name: column.name.clone() }
    });
    let columns: Vec<Column> = columns.collect();
    // A group of rows of Parquet may be of any size.
    if body.format != BodyFormat::Parquet {
        stage::suit(&session, columns.len(), size).await?;
    }
    let statements = format!("create table stage.main.data as {}", reader.typed(&columns));
    let read = session.run(&context.stop, "reading", move |connection| {
        connection.execute_batch(&statements)?;
        connection.query_row("select count(*) from stage.main.data", [], |row| row.get::<_, u64>(0))
    });
    let rows = read.await.map_err(|error| not_readable(error, &body))?;
    let first_rows = (sampled && rows > FIRST_ROWS).then_some(FIRST_ROWS);
    Ok(Data { session, file, columns, rows, rejected, inferred, first_rows })
}

/// The columns of a body, with the types that all of its values have.
async fn infer_from_all(
    session: &DuckDbSession,
    reader: &Reader,
    body: &Body,
    context: &StepContext,
) -> Result<Vec<Column>, Failure> {
    if let Some(shapes) = &body.shapes
        && let Ok(found) = infer(session, reader, reader.inferring_from(shapes), body, context).await
    {
        return Ok(found);
    }
    // What is wrong is told with its place among all of the records.
    infer(session, reader, reader.inferring(), body, context).await
}

/// The columns of a body, with the types that all of the values have which that call looks at.
async fn infer(
    session: &DuckDbSession,
    reader: &Reader,
    call: String,
    body: &Body,
    context: &StepContext,
) -> Result<Vec<Column>, Failure> {
    let describe = format!("describe select * from {call}");
    let inferred = session.run(&context.stop, "reading", move |connection| columns(connection, &describe)).await;
    let inferred = match (inferred, reader.finding_the_line()) {
        (Err(error), Some(query)) if error.kind == DuckDbErrorKind::Statement => {
            let better =
                session.run(&context.stop, "reading", move |connection| connection.execute_batch(&query)).await;
            return Err(not_readable(better.err().unwrap_or(error), body));
        }
        (inferred, _) => inferred.map_err(|error| not_readable(error, body))?,
    };
    let settled = inferred.into_iter().map(|Column { name, sql_type }| {
        let sql_type = settled(&sql_type, body.format);
        Column { name, sql_type }
    });
    Ok(settled.collect())
}

/// The columns of a `describe`.
pub(super) fn columns(connection: &duckdb::Connection, describe: &str) -> duckdb::Result<Vec<Column>> {
    let mut statement = connection.prepare(describe)?;
    let rows = statement.query_map([], |row| Ok(Column { name: row.get(0)?, sql_type: row.get(1)? }))?;
    rows.collect()
}

/// The inferred type, but JSON for what is nested in JSON.
fn settled(inferred: &str, format: BodyFormat) -> String {
    let nested = inferred.starts_with("STRUCT(") || inferred.starts_with("MAP(") || inferred.ends_with("[]");
    if nested && format != BodyFormat::Parquet { "JSON".to_owned() } else { inferred.to_owned() }
}

/// DuckDB's complaint about the data, as one about the source: without the advice that only its own users can follow,
/// and without the names of our files.
fn not_readable(error: DuckDbError, body: &Body) -> Failure {
    if error.kind != DuckDbErrorKind::Statement {
        return error.on(Side::Internal);
    }
    let mut message = error.message;
    for end in ["\nPossible", "\nTry ", "\n\n", "\n  file", "\nThis can happen"] {
        if let Some(at) = message.find(end) {
            message.truncate(at);
        }
    }
    for file in &body.files {
        message = message
            .replace(&format!("\"{}\"", shown(&file.path)), &file.label)
            .replace(&shown(&file.path), &file.label);
    }
    for lead in ["Invalid Input Error: ", "Conversion Error: ", "Binder Error: "] {
        if let Some(rest) = message.strip_prefix(lead) {
            message = rest.to_owned();
        }
    }
    if body.format == BodyFormat::Ndjson {
        // A record is a line of the file that was made of the body, not of the body.
        message = message.replace(", in line ", ", in record ");
    }
    let label = body.files.iter().map(|file| file.label.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("reading {label}: {}", message.trim().replace('\n', "; "));
    let failure = Failure::permanent(Code::BodyFormat, Side::Source, message);
    match body.format {
        BodyFormat::Csv => failure.with_hint(
            "the first line must be the header, every row must have as many fields, and the encoding must be UTF-8 \
             unless the server names another",
        ),
        BodyFormat::Json | BodyFormat::Ndjson | BodyFormat::Parquet => failure,
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

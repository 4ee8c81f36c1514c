//! A body read into a private DuckDB file, from which it is checked and loaded.

use std::path::{Path, PathBuf};

use super::reader::Reader;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::BodyFormat;
use crate::duckdb::{DuckDbError, DuckDbErrorKind, DuckDbSession, literal};
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
}

/// What a column is to be read as.
pub(in crate::steps::collect) trait WantedTypes: Send + Sync {
    /// The type for a column of that name, or `None` to take the inferred one.
    fn wanted(&self, name: &str, format: BodyFormat) -> Option<String>;
}

/// Reads a body.
pub(in crate::steps::collect) async fn read(
    body: &Body,
    wanted: &dyn WantedTypes,
    spool: &Spool,
    context: &StepContext,
) -> Result<Data, Failure> {
    let session = DuckDbSession::in_memory(&spool.path("spill")).await.map_err(|error| error.on(Side::Internal))?;
    let file = spool.path("stage.duckdb");
    if body.records == Some(0) {
        return Ok(Data { session, file, columns: Vec::new(), rows: 0 });
    }
    let reader = Reader::new(body);
    let failed = |error: DuckDbError| not_readable(error, body);
    let describe = format!("describe select * from {}", reader.inferring());
    let inferred = session.run(&context.stop, "reading", move |connection| columns(connection, &describe)).await;
    let inferred = match (inferred, reader.finding_the_line()) {
        (Err(error), Some(query)) if error.kind == DuckDbErrorKind::Statement => {
            let better =
                session.run(&context.stop, "reading", move |connection| connection.execute_batch(&query)).await;
            return Err(failed(better.err().unwrap_or(error)));
        }
        (inferred, _) => inferred.map_err(failed)?,
    };
    let columns: Vec<Column> = inferred
        .into_iter()
        .map(|column| {
            let wanted = wanted.wanted(&column.name, body.format);
            let sql_type = wanted.unwrap_or_else(|| settled(&column.sql_type, body.format));
            Column { sql_type, ..column }
        })
        .collect();
    let statements = format!(
        "attach {} as stage; create table stage.main.data as {}",
        literal(&file.display().to_string()),
        reader.typed(&columns)
    );
    let read = session.run(&context.stop, "reading", move |connection| {
        connection.execute_batch(&statements)?;
        connection.query_row("select count(*) from stage.main.data", [], |row| row.get::<_, u64>(0))
    });
    let rows = read.await.map_err(failed)?;
    Ok(Data { session, file, columns, rows })
}

/// The columns of a `describe`.
fn columns(connection: &duckdb::Connection, describe: &str) -> duckdb::Result<Vec<Column>> {
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

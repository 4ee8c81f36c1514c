//! The last look at a new file before anybody else can see it: opened as a reader opens it, counted, and asked.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbFile, DuckDbSession, OpenMode, literal};
use crate::steps::StepContext;

use super::build::TableRows;
use super::place::Place;

/// How much of a check an error shows.
const SHOWN: usize = 120;

/// Compares the new file's tables with what their source had, and asks the job's own checks.
pub(super) async fn verify(
    place: &Place,
    expected: &[TableRows],
    checks: &[String],
    context: &StepContext,
) -> Result<(), Failure> {
    let file = DuckDbFile::new(place.temporary().to_path_buf());
    let session = context.unless_stopped(Box::pin(file.open(OpenMode::ReadOnly))).await?;
    let session = session.map_err(|error| error.on(Side::Target))?;
    let result = look(&session, expected, checks, context).await;
    // A session that only reads has nothing to write on closing.
    drop(session.close().await);
    result
}

async fn look(
    session: &DuckDbSession,
    expected: &[TableRows],
    checks: &[String],
    context: &StepContext,
) -> Result<(), Failure> {
    let found = count_tables(session, context).await?;
    let mut wrong: Vec<String> = Vec::new();
    for table in expected {
        match found.iter().find(|one| one.schema == table.schema && one.name == table.name) {
            None => wrong.push(format!("table `{table}` is missing")),
            Some(one) if one.rows != table.rows => {
                wrong.push(format!("table `{table}` has {} rows, its source {}", one.rows, table.rows));
            }
            Some(_) => {}
        }
    }
    for (number, check) in (1..).zip(checks) {
        let sql = check.clone();
        let answer = session.run(&context.stop, "checking the new file", move |connection| ask(connection, &sql)).await;
        let complaint = match answer {
            Ok(None) => continue,
            Ok(Some(complaint)) => complaint,
            Err(error) if error.kind == crate::duckdb::DuckDbErrorKind::Stopped => return Err(Failure::stopped()),
            Err(error) => error.message,
        };
        wrong.push(format!("check {number} (`{}`): {complaint}", shown(check)));
    }
    if wrong.is_empty() {
        context.info(format!("verified {} tables and {} checks", expected.len(), checks.len()));
        return Ok(());
    }
    let message = format!("the new replica is not as it should be: {}", wrong.join("; "));
    Err(Failure::permanent(Code::ReplicaCheck, Side::Target, message)
        .with_hint("the old replica stays as it was; look at the source's data, or at the check"))
}

/// All tables of the session's file with the number of their rows.
pub(super) async fn count_tables(session: &DuckDbSession, context: &StepContext) -> Result<Vec<TableRows>, Failure> {
    let database = session.database_name().to_owned();
    let work = move |connection: &::duckdb::Connection| count_in(connection, &database);
    session.run(&context.stop, "counting rows", work).await.map_err(|error| error.on(Side::Target))
}

/// All tables of a database with the number of their rows, as the connection's transaction sees them.
pub(super) fn count_in(connection: &::duckdb::Connection, database: &str) -> Result<Vec<TableRows>, ::duckdb::Error> {
    let list = format!(
        "select schema_name, table_name from duckdb_tables() where database_name = {} and not internal \
         and not temporary order by all",
        literal(database)
    );
    let mut statement = connection.prepare(&list)?;
    let names = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut tables = Vec::new();
    for names in names {
        let (schema, name) = names?;
        let mut table = TableRows { schema, name, rows: 0 };
        table.rows = connection.query_row(&table.count_in(database), [], |row| row.get(0))?;
        tables.push(table);
    }
    Ok(tables)
}

/// What is wrong with a check's answer; `None` if it is a single true.
fn ask(connection: &::duckdb::Connection, check: &str) -> Result<Option<String>, ::duckdb::Error> {
    let mut statement = connection.prepare(check)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Some("it returned no row".to_owned())) };
    let answer: Option<bool> = match row.get(0) {
        Ok(answer) => answer,
        Err(::duckdb::Error::InvalidColumnType(..)) => {
            return Ok(Some("it returned something else than true or false".to_owned()));
        }
        Err(error) => return Err(error),
    };
    let more = rows.next()?.is_some();
    Ok(match answer {
        Some(true) if more => Some("it returned more than one row".to_owned()),
        Some(true) => None,
        Some(false) => Some("it returned false".to_owned()),
        None => Some("it returned null".to_owned()),
    })
}

fn shown(check: &str) -> String {
    let line = check.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

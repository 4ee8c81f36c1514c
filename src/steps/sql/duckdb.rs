//! Statements on a DuckDB file, one after the other in one transaction.
//!
//! Nothing is visible to others before the commit, which waits for the gate. Statements that would end the transaction
//! are refused before anything runs. The transaction holds the file's turn to write until it ends.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::SqlStep;
use crate::duckdb::{DuckDbError, DuckDbFile, DuckDbSession, OpenMode};
use crate::steps::StepContext;

use super::statements::{self, Statement};

/// Runs one attempt.
pub(super) async fn run(
    step: &SqlStep,
    text: &str,
    file: &DuckDbFile,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let statements = statements::split(text);
    statements::check(&statements, Code::DuckDbStatement)?;
    let opening = Box::pin(file.open(OpenMode::ReadWrite));
    let session = context.unless_stopped(opening).await?.map_err(on_target)?;
    let result = transact(step, &statements, &session, context).await;
    if let Err(error) = session.close().await {
        context.warn(format!("{error}; what was committed is safe in the file's write-ahead log"));
    }
    result
}

async fn transact(
    step: &SqlStep,
    statements: &[Statement<'_>],
    session: &DuckDbSession,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let transaction = session.begin(&context.stop).await.map_err(on_target)?;
    let mut rows = 0;
    for (number, statement) in (1..).zip(statements) {
        let place = format!("statement {number} of {}", statements.len());
        context.host.progress(Progress::phase(place.as_str()));
        let doing = format!("{place}, line {}: `{}`", statement.line, statement.shown());
        context.sent(statement.text);
        let text = statement.text.to_owned();
        rows = transaction
            .run(&context.stop, &doing, move |connection| execute(connection, &text))
            .await
            .map_err(on_target)?;
        context.debug(format!("{place} (line {}): {rows} rows", statement.line));
    }
    if let Some(complaint) = step.expect_rows.and_then(|bounds| bounds.complaint(rows)) {
        return Err(statements::unexpected(&complaint));
    }
    context.unless_stopped(context.host.gate()).await??;
    transaction.commit().await.map_err(on_target)?;
    Ok(Outcome { rows: Some(rows), ..Outcome::default() })
}

fn on_target(error: DuckDbError) -> Failure {
    error.on(Side::Target)
}

/// Runs one statement and says how many rows it changed, or else returned.
fn execute(connection: &::duckdb::Connection, text: &str) -> Result<u64, ::duckdb::Error> {
    let mut statement = connection.prepare(text)?;
    let mut rows = statement.query([])?;
    let Some(answer) = rows.as_ref() else { return Ok(0) };
    // A statement that changes rows, or makes a table of them, returns their number as its only row, in a column of
    // this name. A query may call its column so too.
    let reads = text.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    if reads || answer.row_count() != 1 || answer.column_names() != ["Count"] {
        return Ok(answer.row_count() as u64);
    }
    rows.next()?.map_or(Ok(0), |row| row.get(0))
}

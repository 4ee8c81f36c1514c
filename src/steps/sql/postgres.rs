//! Statements on a PostgreSQL server, one after the other in one transaction.
//!
//! Each statement is sent by itself, so that an error can say which one it was; nothing is visible before the commit,
//! which waits for the gate. Statements that would end the transaction are refused before anything runs.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::SqlStep;
use crate::postgres::{PgError, PgErrorKind, Server, Session};
use crate::steps::{StepContext, session, sweep};

use super::statements::{self, Statement};

/// Runs one attempt.
pub(super) async fn run(
    step: &SqlStep,
    text: &str,
    server: &Server,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let statements = statements::split(text);
    statements::check(&statements, Code::PostgresStatement)?;
    let session = session::open(server, "target", Side::Target, context).await?;
    let result = transact(step, &statements, &session, context).await;
    session::end(session, &result, context).await;
    result
}

async fn transact(
    step: &SqlStep,
    statements: &[Statement<'_>],
    session: &Session,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    sweep::sweep(session, Side::Target, context).await?;
    let on_target = |error: PgError| error.on(Side::Target);
    session.execute("begin", "beginning the transaction").await.map_err(on_target)?;
    let began = began(session).await.map_err(on_target)?;
    let mut rows = 0;
    for (number, statement) in (1..).zip(statements) {
        let place = format!("statement {number} of {}", statements.len());
        context.host.progress(Progress::phase(place.as_str()));
        context.sent(statement.text);
        let work =
            async { session.execute(statement.text, "").await.map_err(|error| located(error, &place, statement)) };
        rows = session.run_until(&context.stop, Side::Target, work).await?;
        context.debug(format!("{place} (line {}): {rows} rows", statement.line));
    }
    if began != self::began(session).await.map_err(on_target)? {
        let message = "the statements ended the transaction that the step runs them in";
        return Err(Failure::permanent(Code::PostgresStatement, Side::Target, message)
            .with_hint("leave out what begins, commits or rolls back a transaction"));
    }
    if let Some(complaint) = step.expect_rows.and_then(|bounds| bounds.complaint(rows)) {
        return Err(statements::unexpected(&complaint));
    }
    context.unless_stopped(context.host.gate()).await??;
    session.run_until(&context.stop, Side::Target, session.execute("commit", "committing")).await?;
    Ok(Outcome { rows: Some(rows), ..Outcome::default() })
}

/// When the session's transaction began: another time means another transaction.
async fn began(session: &Session) -> Result<String, PgError> {
    let row = session.query_one("select transaction_timestamp()::text", &[], "looking at the transaction").await?;
    Ok(row.get(0))
}

/// The error with the statement and line that it is about.
fn located(mut error: PgError, place: &str, statement: &Statement<'_>) -> PgError {
    let before = error.position.map_or(0, |position| position.saturating_sub(1)) as usize;
    let lines = statement.text.chars().take(before).filter(|character| *character == '\n').count();
    error = error.points_at(statement.text);
    error.doing = format!("{place}, line {}: `{}`", statement.line + lines, statement.shown());
    if error.kind == PgErrorKind::Driver {
        // The only answers of a server that a plain statement can't deal with are those to COPY.
        "COPY to or from the client is not possible here".clone_into(&mut error.message);
        error.kind = PgErrorKind::Server;
        error.sqlstate = Some("0A000".to_owned());
        error.hint = Some("use the step kinds `copy_to_staging` or `collect` to move data".to_owned());
    }
    error
}

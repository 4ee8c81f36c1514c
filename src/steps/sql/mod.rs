//! The step kind `sql`: statements in one transaction, on PostgreSQL or DuckDB.

mod duckdb;
mod postgres;
pub(super) mod statements;

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::SqlStep;

use super::{Connection, StepContext};

/// Runs one attempt.
pub(super) async fn run(step: &SqlStep, context: &StepContext) -> Result<Outcome, Failure> {
    let text = context.scope.sql(&step.statement)?;
    match context.environment.connection(&step.connection)? {
        Connection::Postgres(server) => postgres::run(step, &text, server, context).await,
        Connection::DuckDb(file) => duckdb::run(step, &text, file, context).await,
    }
}

//! Statements on a DuckDB file.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::step::SqlStep;
use crate::duckdb::DuckDbFile;
use crate::steps::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "refuses before it has anything to wait for")]
pub(super) async fn run(
    step: &SqlStep,
    _text: &str,
    _file: &DuckDbFile,
    _context: &StepContext,
) -> Result<Outcome, Failure> {
    let message = format!("connection `{}` is a DuckDB connection; `sql` takes PostgreSQL ones only", step.connection);
    Err(Failure::permanent(Code::Connection, Side::Internal, message))
}

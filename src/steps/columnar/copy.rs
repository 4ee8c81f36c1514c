//! One query's rows into one table.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbError, DuckDbSession};
use crate::postgres::{CopyOut, Flow, PgError, Session};
use crate::steps::StepContext;

use super::column::Column;
use super::rows::{Giver, queue};

/// What is read.
#[derive(Clone, Copy)]
pub(in crate::steps) struct Reading<'r> {
    /// The session.
    pub(in crate::steps) source: &'r Session,
    /// The rows, asked for in the form in which they travel.
    pub(in crate::steps) query: &'r str,
    /// What errors call it.
    pub(in crate::steps) name: &'r str,
    /// Its columns.
    pub(in crate::steps) columns: &'r [Column],
    /// Counts as it goes.
    pub(in crate::steps) flow: &'r Flow,
}

/// Reads all rows and writes them into a table of these columns, whose name comes as SQL writes it. Says how many; both
/// sides have counted the same.
pub(in crate::steps) async fn copy(
    reading: Reading<'_>,
    target: &DuckDbSession,
    table: &str,
    context: &StepContext,
) -> Result<u64, Failure> {
    let (giver, taker) = queue(reading.columns.to_vec());
    let types = reading.columns.iter().map(Column::feed_type).collect();
    let doing = format!("writing rows of {} into DuckDB", reading.name);
    let feeding = target.feed(&context.stop, &doing, table, types, taker);
    let (read, written) = tokio::join!(context.unless_stopped(read(reading, giver)), feeding);
    let (read, written) = judge(read?, written)?;
    if read != written {
        let message = format!("{doing}: read {read} rows, but {written} were written");
        return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
    }
    Ok(written)
}

/// Reads all rows of a COPY; `None` if nobody takes them any more.
async fn read(reading: Reading<'_>, giver: Giver) -> Result<Option<u64>, PgError> {
    let Reading { source, query, name, flow, .. } = reading;
    // The line break ends a comment that the query may end with.
    let copy = format!("copy ({query}\n) to stdout (format binary)");
    let mut out = CopyOut::begin(source, &copy, format!("reading {name}"), flow).await?;
    while let Some(block) = out.next().await? {
        if !giver.give(block).await {
            return Ok(None);
        }
    }
    giver.end().await;
    Ok(out.finish())
}

/// How many rows were read and written. The side that failed first is the cause: where the source fails DuckDB gets no
/// more rows, and where DuckDB fails the source has nobody to send to.
fn judge(read: Result<Option<u64>, PgError>, written: Result<u64, DuckDbError>) -> Result<(u64, u64), Failure> {
    match (read, written) {
        (Err(error), _) => Err(error.on(Side::Source)),
        (Ok(_), Err(error)) => Err(error.on(Side::Target)),
        (Ok(Some(read)), Ok(written)) => Ok((read, written)),
        (Ok(None), Ok(_)) => Err(Failure::bug("the rows of a part were neither all taken nor refused")),
    }
}

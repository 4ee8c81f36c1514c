//! A worker: a session on the source, one on the new file, and parts of tables until there are none left.
//!
//! What PostgreSQL sends is taken apart on DuckDB's thread while PostgreSQL sends more. Each part is a transaction of its own:
//! the file is nobody's until all of them are in it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbError, DuckDbSession};
use crate::postgres::{CopyOut, Flow, PgError, Session};
use crate::steps::reading::meter::Meter;
use crate::steps::reading::part::Part;
use crate::steps::reading::rate::Copied;
use crate::steps::{StepContext, session};

use super::rows::{Giver, queue};
use super::table::Table;

/// What all workers of an attempt share.
pub(super) struct Job {
    /// The attempt; its stop signal is that of the workers, which the first failure fires.
    pub(super) context: StepContext,
    pub(super) tables: Vec<Table>,
    pub(super) meter: Meter,
    parts: Mutex<VecDeque<(usize, Part)>>,
}

impl Job {
    /// A job of which everything is left: for each table its parts. Where several workers share them, large ones go
    /// first, so that none is left alone at the end, and before them queries, which may be as large as any.
    pub(super) fn new(
        context: StepContext,
        tables: Vec<Table>,
        parts: Vec<Vec<Part>>,
        meter: Meter,
        workers: usize,
    ) -> Self {
        let mut all: Vec<(usize, Part)> =
            (0..).zip(parts).flat_map(|(table, parts)| parts.into_iter().map(move |part| (table, part))).collect();
        if workers > 1 {
            all.sort_by_key(|(_, part)| std::cmp::Reverse(if part.bytes == 0 { u64::MAX } else { part.bytes }));
        }
        Self { context, tables, meter, parts: Mutex::new(all.into()) }
    }

    fn next(&self) -> Option<(usize, Part)> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// Works until nothing is left. The first worker that fails stops the others; each ends its own sessions.
pub(super) async fn work(job: Arc<Job>, source: Session, target: DuckDbSession) -> Result<(), Failure> {
    let mut result = Ok(());
    while result.is_ok()
        && let Some((table, part)) = job.next()
    {
        result = Box::pin(load(&job, table, &part, &source, &target)).await;
    }
    if result.is_err() {
        job.context.stop.cancel();
    }
    session::end(source, &result, &job.context).await;
    if let Err(error) = target.close().await {
        job.context.warn(error.to_string());
    }
    result
}

/// Reads one part and writes it into its table.
async fn load(job: &Job, index: usize, part: &Part, source: &Session, target: &DuckDbSession) -> Result<(), Failure> {
    let (table, context) = (&job.tables[index], &job.context);
    let copy = format!("copy ({}\n) to stdout (format binary)", part.query);
    context.debug(format!("copying `{}`: {copy}", table.name));
    let flow = job.meter.begin(index);
    let (giver, taker) = queue(table.columns.clone());
    let doing = format!("writing rows of {} into the new file", table.source.name);
    let feeding = target.feed(&context.stop, &doing, &table.full, table.types(), taker);
    let reading = read(source, &copy, &table.source.name, giver, &flow);
    let (read, written) = tokio::join!(context.unless_stopped(reading), feeding);
    let (read, written) = judge(read?, written)?;
    if read != written {
        let message = format!("read {read} rows of {}, but the new file has {written}", table.source.name);
        return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
    }
    if let Some(all) = job.meter.end(index, &flow, Copied { rows: written, bytes: flow.bytes() }) {
        context.info(format!("{}: {} rows, {} bytes", table.name, all.rows, all.bytes));
    }
    Ok(())
}

/// Reads all rows of a COPY; `None` if nobody takes them any more.
async fn read(source: &Session, copy: &str, name: &str, giver: Giver, flow: &Flow) -> Result<Option<u64>, PgError> {
    let mut out = CopyOut::begin(source, copy, format!("reading {name}"), flow).await?;
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

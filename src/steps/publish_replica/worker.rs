//! A worker: a session on the source, one on the new file, and parts of tables until there are none left.
//!
//! What PostgreSQL sends is taken apart on DuckDB's thread while PostgreSQL sends more. Each part is a transaction of its own:
//! the file is nobody's until all of them are in it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::failure::Failure;
use crate::duckdb::DuckDbSession;
use crate::postgres::Session;
use crate::steps::columnar::{self, Reading};
use crate::steps::reading::meter::Meter;
use crate::steps::reading::part::Part;
use crate::steps::reading::rate::Copied;
use crate::steps::{StepContext, session};

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
    context.debug(format!("copying `{}`: {}", table.name, part.query));
    let flow = job.meter.begin(index);
    let reading =
        Reading { source, query: &part.query, name: &table.source.name, columns: &table.columns, flow: &flow };
    let rows = Box::pin(columnar::copy(reading, target, &table.full, context)).await?;
    if let Some(all) = job.meter.end(index, &flow, Copied { rows, bytes: flow.bytes() }) {
        context.info(format!("{}: {} rows, {} bytes", table.name, all.rows, all.bytes));
    }
    Ok(())
}

//! How far a copy is: counts of the parts that are done and of those that are under way, per table and in all.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::domain::failure::Side;
use crate::domain::observation::Observation;
use crate::domain::progress::{Progress, TableProgress};
use crate::postgres::Flow;
use crate::steps::StepContext;

use super::rate::{Copied, Rate};

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// How long a side may be waited for before people are told so.
const STALL: Duration = Duration::from_secs(2);

/// What has been copied of each table.
#[derive(Debug)]
pub(in crate::steps) struct Meter {
    tables: Mutex<Vec<Table>>,
    /// Of all tables together.
    rate: Mutex<Rate>,
    /// What has been counted for the metrics.
    told: Mutex<Copied>,
}

#[derive(Debug)]
struct Table {
    name: String,
    rows_expected: Option<u64>,
    done: Copied,
    under_way: Vec<Arc<Flow>>,
    /// Parts that are not done yet.
    parts_left: usize,
    rate: Rate,
}

impl Table {
    fn copied(&self) -> Copied {
        self.under_way
            .iter()
            .fold(self.done, |sum, flow| Copied { rows: sum.rows + flow.rows(), bytes: sum.bytes + flow.bytes() })
    }
}

impl Meter {
    /// Nothing is copied yet. Of each table: its name, how many rows are expected, how many parts it has.
    pub(in crate::steps) fn new(tables: impl Iterator<Item = (String, Option<u64>, usize)>) -> Self {
        let table = |(name, rows_expected, parts_left)| Table {
            name,
            rows_expected,
            done: Copied::default(),
            under_way: Vec::new(),
            parts_left,
            rate: Rate::default(),
        };
        Self { tables: Mutex::new(tables.map(table).collect()), rate: Mutex::default(), told: Mutex::default() }
    }

    /// A part of a table is begun.
    pub(in crate::steps) fn begin(&self, table: usize) -> Arc<Flow> {
        let flow = Arc::new(Flow::default());
        self.lock()[table].under_way.push(Arc::clone(&flow));
        flow
    }

    /// A part of a table has arrived: so many rows, as the servers counted them. Says what the whole table had, if it was
    /// the last.
    pub(in crate::steps) fn end(&self, table: usize, flow: &Arc<Flow>, copied: Copied) -> Option<Copied> {
        let table = &mut self.lock()[table];
        table.under_way.retain(|other| !Arc::ptr_eq(other, flow));
        table.done.rows += copied.rows;
        table.done.bytes += copied.bytes;
        table.parts_left -= 1;
        (table.parts_left == 0).then_some(table.done)
    }

    /// What has been copied of each table.
    pub(in crate::steps) fn copied(&self) -> Vec<Copied> {
        self.lock().iter().map(Table::copied).collect()
    }

    /// Tells the engine every now and then, until it is dropped.
    pub(in crate::steps) async fn tell(&self, context: &StepContext) -> Infallible {
        let (mut ticks, began) = (interval(TELL), Instant::now());
        loop {
            ticks.tick().await;
            self.observe(context);
            context.host.progress(self.progress(began.elapsed()));
        }
    }

    /// Counts what has come since the last time.
    pub(in crate::steps) fn observe(&self, context: &StepContext) {
        let all = sum(&self.copied());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A part that has ended may turn out smaller than it seemed: its end mark is no row.
        let (rows, bytes) = (all.rows.saturating_sub(told.rows), all.bytes.saturating_sub(told.bytes));
        context.host.observe(Observation::Copied { rows, bytes });
        *told = Copied { rows: told.rows + rows, bytes: told.bytes + bytes };
    }

    /// How far it is.
    fn progress(&self, elapsed: Duration) -> Progress {
        let mut tables = self.lock();
        let mut all = TableProgress::default();
        let (mut left, mut known) = (0, true);
        let mut under_way = Vec::new();
        let mut waiting: Option<(Side, Duration)> = None;
        for table in tables.iter_mut() {
            let copied = table.copied();
            let rate = table.rate.note(elapsed, copied);
            let of_table = TableProgress {
                table: table.name.clone(),
                rows: copied.rows,
                rows_expected: table.rows_expected,
                bytes: copied.bytes,
                bytes_per_s: (rate.bytes > 0).then_some(rate.bytes),
                seconds_left: seconds_left(table.rows_expected, copied.rows, rate.rows),
            };
            all.rows += of_table.rows;
            all.bytes += of_table.bytes;
            known &= of_table.rows_expected.is_some();
            all.rows_expected = Some(all.rows_expected.unwrap_or(0) + expected(&of_table, table.parts_left));
            left += usize::from(table.parts_left > 0);
            if !table.under_way.is_empty() {
                under_way.push(of_table);
            }
            let stalls = table.under_way.iter().filter_map(|flow| flow.waiting());
            waiting = waiting.into_iter().chain(stalls).max_by_key(|(_, since)| *since);
        }
        let rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = { rate }.note(elapsed, Copied { rows: all.rows, bytes: all.bytes });
        let waiting = waiting.filter(|(_, since)| *since >= STALL);
        let expected = all.rows_expected.filter(|_| known);
        Progress {
            phase: phase(&tables, left, waiting),
            rows: Some(all.rows),
            rows_expected: expected,
            bytes: Some(all.bytes),
            bytes_expected: None,
            bytes_per_s: (rate.bytes > 0).then_some(rate.bytes),
            seconds_left: seconds_left(expected, all.rows, rate.rows),
            tables: if tables.len() > 1 { under_way } else { Vec::new() },
            ..Progress::default()
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sum over all tables.
pub(in crate::steps) fn sum(tables: &[Copied]) -> Copied {
    tables.iter().fold(Copied::default(), |sum, one| Copied { rows: sum.rows + one.rows, bytes: sum.bytes + one.bytes })
}

/// Rows that a table will have had in the end: what came, once it is done.
fn expected(table: &TableProgress, parts_left: usize) -> u64 {
    if parts_left == 0 { table.rows } else { table.rows_expected.unwrap_or(0).max(table.rows) }
}

fn phase(tables: &[Table], left: usize, waiting: Option<(Side, Duration)>) -> String {
    let name = match tables {
        _ if left == 0 => return "completing the new tables".to_owned(),
        [only] => format!("copying {}", only.name),
        several => format!("copying {} tables, {} done", several.len(), several.len() - left),
    };
    match waiting {
        Some((side, since)) => format!("{name}, waiting {} s for the {}", since.as_secs(), side.label()),
        None => name,
    }
}

/// When the rest will be done at this rate.
fn seconds_left(expected: Option<u64>, done: u64, rows_per_s: u64) -> Option<u64> {
    let left = expected?.checked_sub(done)?;
    (rows_per_s > 0).then(|| left.div_ceil(rows_per_s))
}

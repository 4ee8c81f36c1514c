//! How far and how fast a step is, in words.

use std::time::{Duration, Instant};

use crate::cli::format;
use crate::domain::progress::{Progress, TableProgress, per_second};

/// A rate over less than this is noise.
const LEAST: Duration = Duration::from_millis(200);

/// A running phase of a step.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    phase: String,
    since: Instant,
}

impl Meter {
    /// A step that has just begun.
    pub(super) fn new(now: Instant) -> Self {
        Self { phase: String::new(), since: now }
    }

    /// Takes note of how far the step is; says whether it is in another phase than before.
    pub(super) fn update(&mut self, progress: &Progress, now: Instant) -> bool {
        let changed = self.phase != progress.phase;
        if changed {
            self.phase.clone_from(&progress.phase);
            self.since = now;
        }
        changed
    }

    /// Rows, bytes and their rates: `120 000 rows, 45.1 MiB, 60 000 rows/s, 22.5 MiB/s`. Empty without numbers.
    /// `beside_bar` leaves out how much is expected: the bar shows it, and rates must fit beside it.
    pub(super) fn numbers(&self, progress: &Progress, beside_bar: bool, now: Instant) -> String {
        let spent = now.duration_since(self.since);
        let mut parts = Vec::new();
        if let Some(rows) = progress.rows {
            let of = progress
                .rows_expected
                .filter(|_| !beside_bar)
                .map(|all| format!(" of about {}", format::count(all)))
                .unwrap_or_default();
            parts.push(format!("{}{of} rows", format::count(rows)));
        }
        if let Some(bytes) = progress.bytes {
            let of = progress
                .bytes_expected
                .filter(|_| !beside_bar)
                .map(|all| format!(" of {}", format::bytes(all)))
                .unwrap_or_default();
            parts.push(format!("{}{of}", format::bytes(bytes)));
        }
        if let Some(rate) = progress.bytes_per_s {
            // The step's own, of the last seconds.
            parts.push(format!("{}/s", format::bytes(rate)));
        } else if spent >= LEAST {
            parts.extend(progress.rows.map(|rows| format!("{} rows/s", format::count(per_second(rows, spent)))));
            parts.extend(progress.bytes.map(|bytes| format!("{}/s", format::bytes(per_second(bytes, spent)))));
        }
        parts.extend(progress.seconds_left.map(left));
        parts.join(", ")
    }
}

/// How far a step is, in one line, for who looks once: `copying orders: 120 000 of about 1 000 000 rows, 12s left`.
pub(in crate::cli) fn line(progress: &Progress) -> String {
    let now = Instant::now();
    let numbers = Meter::new(now).numbers(progress, false, now);
    let parts = [progress.phase.clone(), numbers, tables(progress)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// The tables that are worked on right now, each with how far it is: `orders 45 %, 1 min left; items 20.0 MiB`. Empty
/// where a step has one.
pub(super) fn tables(progress: &Progress) -> String {
    let table = |table: &TableProgress| {
        let done = match table.rows_expected.filter(|expected| *expected > 0) {
            Some(expected) => format!("{} %", (table.rows * 100 / expected).min(100)),
            None => format::bytes(table.bytes),
        };
        let left = table.seconds_left.map(|seconds| format!(", {}", left(seconds))).unwrap_or_default();
        format!("{} {done}{left}", table.table)
    };
    progress.tables.iter().map(table).collect::<Vec<_>>().join("; ")
}

fn left(seconds: u64) -> String {
    format!("{} left", format::duration(Duration::from_secs(seconds)))
}

/// Done and expected, where both are known: bytes before rows, because they are exact.
pub(super) fn share(progress: &Progress) -> Option<(u64, u64)> {
    let both = |done: Option<u64>, all: Option<u64>| done.zip(all).filter(|(_, all)| *all > 0);
    both(progress.bytes, progress.bytes_expected).or_else(|| both(progress.rows, progress.rows_expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_rates_and_a_new_phase_starts_its_own() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        let progress = Progress {
            rows: Some(120_000),
            rows_expected: Some(1_000_000),
            ..Progress::phase("copying staging.orders")
        };
        assert!(meter.update(&progress, start));
        assert!(!meter.update(&progress, start));
        let said = |beside_bar| meter.numbers(&progress, beside_bar, start + Duration::from_secs(2));
        assert_eq!(said(false), "120 000 of about 1 000 000 rows, 60 000 rows/s");
        assert_eq!(said(true), "120 000 rows, 60 000 rows/s");
        let told = Progress { bytes_per_s: Some(1 << 20), seconds_left: Some(90), ..progress.clone() };
        let said = meter.numbers(&told, true, start + Duration::from_secs(2));
        assert_eq!(said, format!("120 000 rows, 1.00 MiB/s, {} left", format::duration(Duration::from_secs(90))));
        assert_eq!(share(&progress), Some((120_000, 1_000_000)));
        assert_eq!(share(&Progress::phase("checking")), None);
    }
}

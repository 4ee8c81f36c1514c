//! What faults came to, as a table.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fault::Fault;
use crate::support::flags::note;

/// What one fault came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    /// Runs that were open when it happened.
    pub(super) open: u64,
    /// Attempts that were lost.
    pub(super) lost: u64,
    /// When a run that was made since had succeeded, counted from the fault's beginning.
    pub(super) going: Duration,
    /// When all runs that were open had ended.
    pub(super) all: Duration,
}

/// All faults so far.
#[derive(Default)]
pub(super) struct Report(BTreeMap<String, Vec<Recovery>>);

impl Report {
    /// Adds one, and tells it.
    pub(super) fn add(&mut self, fault: Fault, recovery: Recovery) {
        note(&format!("{}: {recovery:?}", fault.words()));
        self.0.entry(fault.words()).or_default().push(recovery);
    }

    /// Prints the table of `docs/RELIABILITY.md`.
    pub(super) fn print(&self) {
        note(
            "| fault | times | attempts lost | next run succeeded after, median and longest | what was open ended after |",
        );
        note("|---|---|---|---|---|");
        for (fault, all) in &self.0 {
            let lost: u64 = all.iter().map(|one| one.lost).sum();
            let going = spread(all.iter().map(|one| one.going));
            let open = spread(all.iter().filter(|one| one.open > 0).map(|one| one.all));
            note(&format!("| {fault} | {} | {lost} | {going} | {open} |", all.len()));
        }
    }
}

/// Median and longest.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let seconds = |time: &Duration| format!("{:.1} s", time.as_secs_f64());
    match (times.get(times.len() / 2), times.last()) {
        (Some(median), Some(longest)) => format!("{}, {}", seconds(median), seconds(longest)),
        _ => "–".to_owned(),
    }
}

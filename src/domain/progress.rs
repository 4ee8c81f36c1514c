//! How far a running step is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Workers;

/// A snapshot of a running step. A later one replaces an earlier one; none needs to be delivered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done now, a few words: `copying staging.orders`, `waiting for worker slots`.
    pub phase: String,
    /// Rows done in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Rows expected in all, where an estimate exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_expected: Option<u64>,
    /// Bytes done in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes expected in all, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_expected: Option<u64>,
    /// How fast it goes, in bytes per second, over the last few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_s: Option<u64>,
    /// Seconds until this phase ends, where it can be estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// Tables that are worked on right now, where a step has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableProgress>,
    /// The parallel workers that a CTAS has tried for so far, where it had to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<Box<Workers>>,
    /// How far it was at earlier moments, oldest first. Kept by whoever records it; a step says only how far it is now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sample>,
}

/// How far a step was at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// Seconds since the attempt began.
    pub at_s: f64,
    /// Rows done by then in its phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes done by then in its phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Samples of an attempt, however long it takes never more than [`Series::MOST`]: when there are as many, every second
/// one goes, and from then on every second one is taken.
#[derive(Clone, Debug, Default)]
pub struct Series {
    samples: Vec<Sample>,
    /// One in `1 << halved` is taken.
    halved: u32,
    /// Those that came since one was taken.
    passed: u32,
}

impl Series {
    /// Most samples that are kept.
    pub const MOST: usize = 60;

    /// Takes note of how far a step is, if it says so in numbers.
    pub fn add(&mut self, at: Duration, progress: &Progress) {
        let (rows, bytes) = (progress.rows, progress.bytes);
        if rows.is_none() && bytes.is_none() {
            return;
        }
        self.passed += 1;
        if !self.samples.is_empty() && self.passed < 1 << self.halved.min(30) {
            return;
        }
        self.passed = 0;
        if self.samples.len() >= Self::MOST {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.halved += 1;
        }
        // Hundredths are enough for a drawing.
        let at_s = (at.as_secs_f64() * 100.0).round() / 100.0;
        self.samples.push(Sample { at_s, rows, bytes });
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

/// How far one table of several is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableProgress {
    /// The table.
    pub table: String,
    /// Rows done.
    pub rows: u64,
    /// Rows expected in all, where an estimate exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_expected: Option<u64>,
    /// Bytes done.
    pub bytes: u64,
    /// How fast it goes, in bytes per second, over the last few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_s: Option<u64>,
    /// Seconds until it is done, where it can be estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
}

impl Progress {
    /// A phase without numbers.
    pub fn phase(phase: impl Into<String>) -> Self {
        Self { phase: phase.into(), ..Self::default() }
    }
}

/// A count spread over a time, rounded down; nothing over no time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for people: exact to far more digits than are shown"
)]
pub fn per_second(count: u64, span: Duration) -> u64 {
    if span.is_zero() { 0 } else { (count as f64 / span.as_secs_f64()) as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_of_any_length_is_short_begins_at_the_beginning_and_keeps_its_order() {
        for length in [1, 59, 60, 61, 500, 100_000_u64] {
            let mut series = Series::default();
            for at in 0..length {
                let progress = Progress { bytes: Some(at), ..Progress::default() };
                series.add(Duration::from_secs(at), &progress);
            }
            let samples = series.samples();
            assert!(samples.len() <= Series::MOST, "{length}");
            assert!(samples.len() >= Series::MOST / 2 || samples.len() as u64 == length, "{length}: {}", samples.len());
            assert_eq!(samples[0].bytes, Some(0));
            assert!(samples.windows(2).all(|pair| pair[0].at_s < pair[1].at_s), "{length}");
        }
    }

    #[test]
    fn what_has_no_numbers_is_no_sample() {
        let mut series = Series::default();
        series.add(Duration::ZERO, &Progress::phase("waiting"));
        assert!(series.samples().is_empty());
    }
}

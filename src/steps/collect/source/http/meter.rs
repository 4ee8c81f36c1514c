//! How far a download is, and how fast it goes.

use std::time::{Duration, Instant};

use crate::domain::progress::Progress;
use crate::steps::reading::rate::{Copied, Rate};

/// How often the rate is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How far it is, and how fast it goes.
pub(super) struct Meter {
    since: Instant,
    rate: Rate,
    noted: Option<Instant>,
    bytes_per_s: u64,
}

impl Meter {
    /// At the beginning.
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), rate: Rate::default(), noted: None, bytes_per_s: 0 }
    }

    /// `page` is its number and how many records came before it.
    pub(super) fn progress(&mut self, page: Option<(u64, u64)>, bytes: u64, expected: Option<u64>) -> Progress {
        let rows = page.map(|(_, records)| records);
        // Pieces come by the thousand; a rate needs a few looks a second.
        if self.noted.is_none_or(|noted| noted.elapsed() >= LOOK_EVERY) {
            self.noted = Some(Instant::now());
            let copied = Copied { rows: rows.unwrap_or_default(), bytes };
            self.bytes_per_s = self.rate.note(self.since.elapsed(), copied).bytes;
        }
        let phase = page.map_or_else(|| "downloading".to_owned(), |(number, _)| format!("downloading page {number}"));
        // How large the next pages are nobody knows.
        let bytes_expected = expected.filter(|_| page.is_none());
        Progress {
            rows,
            bytes: Some(bytes),
            bytes_expected,
            bytes_per_s: Some(self.bytes_per_s),
            ..Progress::phase(phase)
        }
    }
}

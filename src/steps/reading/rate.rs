//! How fast something goes: counts over the last few seconds.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::progress::per_second;

/// How long the counts go back: long enough for a steady rate, short enough for one of now.
const WINDOW: Duration = Duration::from_secs(5);

/// Rows and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::steps) struct Copied {
    pub(in crate::steps) rows: u64,
    pub(in crate::steps) bytes: u64,
}

/// Counts with the times at which they were taken.
#[derive(Debug, Default)]
pub(in crate::steps) struct Rate(VecDeque<(Duration, Copied)>);

impl Rate {
    /// Takes note of a count, and says how much was added a second within the window.
    pub(in crate::steps) fn note(&mut self, now: Duration, copied: Copied) -> Copied {
        self.0.push_back((now, copied));
        while self.0.len() > 2 && now.saturating_sub(self.0[1].0) >= WINDOW {
            self.0.pop_front();
        }
        let (since, before) = self.0[0];
        let span = now.saturating_sub(since);
        Copied {
            rows: per_second(copied.rows.saturating_sub(before.rows), span),
            bytes: per_second(copied.bytes.saturating_sub(before.bytes), span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::default();
        let rows = |rows| Copied { rows, bytes: rows * 10 };
        assert_eq!(rate.note(Duration::ZERO, rows(0)), rows(0));
        assert_eq!(rate.note(Duration::from_secs(2), rows(1000)), rows(500));
        assert_eq!(rate.note(Duration::from_secs(4), rows(1000)), rows(250));
        assert_eq!(rate.note(Duration::from_secs(9), rows(1000)), rows(0));
    }
}

//! How a relay is going, for those who look from outside while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::failure::Side;

/// Counts of a relay, readable at any time. Those of several relays that share one add up; what is waited for is then
/// that of the relay that waited last.
#[derive(Debug)]
pub struct Flow {
    rows: AtomicU64,
    bytes: AtomicU64,
    /// Nanoseconds after `start` since when a side has been waited for, times two, plus one if it is the target; 0 if none.
    waiting: AtomicU64,
    start: Instant,
}

impl Default for Flow {
    fn default() -> Self {
        Self { rows: AtomicU64::new(0), bytes: AtomicU64::new(0), waiting: AtomicU64::new(0), start: Instant::now() }
    }
}

impl Flow {
    /// Rows that the source has sent so far. While binary rows are under way, the end mark may count as one.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes of rows that the source has sent so far, without the protocol's own.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The side that is being waited for, and for how long nothing has come from it or gone to it.
    pub fn waiting(&self) -> Option<(Side, Duration)> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let side = if waiting & 1 == 1 { Side::Target } else { Side::Source };
        let since = Duration::from_nanos(waiting >> 1);
        (waiting != 0).then(|| (side, self.start.elapsed().saturating_sub(since)))
    }

    /// Adds what has come. Rows may be taken back: a difference below zero wraps around, as does the sum.
    pub(super) fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// From now on that side is waited for.
    pub(super) fn wait_for(&self, side: Side) {
        let since = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX >> 1).max(1);
        self.waiting.store(since << 1 | u64::from(side == Side::Target), Ordering::Relaxed);
    }

    /// Nobody is waited for.
    pub(super) fn go_on(&self) {
        self.waiting.store(0, Ordering::Relaxed);
    }
}

//! Room for runs: one that only waits for the end of another leaves its place to others meanwhile.
//!
//! Otherwise a daemon full of runs that wait for what they have triggered would wait for ever. When the wait is over a run
//! goes on at once, so for a while there may be more at work than there are places.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Places that runs have left for a while.
#[derive(Debug, Default)]
pub(super) struct Room {
    left: AtomicUsize,
    more: Notify,
}

/// A place that was left; taken again when dropped.
pub(super) struct Left<'r>(&'r Room);

impl Room {
    /// Leaves a run's place.
    pub(super) fn leave(&self) -> Left<'_> {
        self.left.fetch_add(1, Ordering::Relaxed);
        self.more.notify_one();
        Left(self)
    }

    /// How many places are left.
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Waits until a place is left.
    pub(super) async fn more(&self) {
        self.more.notified().await;
    }
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.left.fetch_sub(1, Ordering::Relaxed);
    }
}

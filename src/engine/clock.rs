//! The database's time, as far as this process can tell.
//!
//! What decides is decided by the database's clock. Between two calls the engine reckons with its own clock, corrected
//! by the difference that the last heartbeat showed.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// This process's estimate of the database's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// Notes what the database's clock said just now.
    pub(super) fn correct(&self, database: DateTime<Utc>) {
        self.offset_ms.store((database - local()).num_milliseconds(), Ordering::Relaxed);
    }

    /// The database's time, estimated.
    pub(super) fn now(&self) -> DateTime<Utc> {
        local() + TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the engine reads the machine's clock")]
fn local() -> DateTime<Utc> {
    Utc::now()
}

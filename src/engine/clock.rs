//! The database's time, as far as this process can tell, and whether this machine's clock was set.
//!
//! What decides is decided by the database's clock. Between two calls the engine goes on from what the last one showed,
//! by the steady clock: whoever sets this machine's clock ends no step early and begins no pause anew.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A difference that counts as a step. Clocks that are put right gradually move by half a millisecond a second.
const STEP: TimeDelta = TimeDelta::milliseconds(500);

/// This process's estimate of the database's clock.
#[derive(Debug)]
pub(super) struct Clock {
    /// What both clocks of this machine showed at one moment.
    origin: (DateTime<Utc>, Instant),
    offset_ms: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { origin: (local(), Instant::now()), offset_ms: AtomicI64::default() }
    }
}

impl Clock {
    /// Notes what the database's clock said just now.
    pub(super) fn correct(&self, database: DateTime<Utc>) {
        self.offset_ms.store((database - self.steady()).num_milliseconds(), Ordering::Relaxed);
    }

    /// The database's time, estimated.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.steady() + TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed))
    }

    /// What this machine's clock would show if nobody had set it since.
    fn steady(&self) -> DateTime<Utc> {
        let (wall, steady) = self.origin;
        TimeDelta::from_std(steady.elapsed()).ok().and_then(|passed| wall.checked_add_signed(passed)).unwrap_or(wall)
    }
}

/// Notices when the clock on the wall and the time that has really passed part: somebody set the clock, or the machine
/// slept (its steady clock stands still then).
#[derive(Debug)]
pub(super) struct ClockWatch {
    wall: DateTime<Utc>,
    steady: Instant,
}

impl ClockWatch {
    /// Begins at this moment.
    pub(super) const fn new(wall: DateTime<Utc>, steady: Instant) -> Self {
        Self { wall, steady }
    }

    /// By how much the clock was set since the last look; `None` if it wasn't.
    pub(super) fn stepped(&mut self, wall: DateTime<Utc>, steady: Instant) -> Option<TimeDelta> {
        let passed = TimeDelta::from_std(steady.duration_since(self.steady)).unwrap_or(TimeDelta::MAX);
        let step = (wall - self.wall).checked_sub(&passed)?;
        *self = Self::new(wall, steady);
        (step.abs() > STEP).then_some(step)
    }
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place where the engine reads the machine's clock")]
pub(super) fn local() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_estimate_follows_the_database_and_then_the_steady_clock() {
        let clock = Clock::default();
        let theirs = local() + TimeDelta::days(3);
        clock.correct(theirs);
        let passed = clock.now() - theirs;
        assert!(passed >= -TimeDelta::milliseconds(1) && passed < TimeDelta::minutes(1), "{passed}");
    }

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_drifts_is_not() {
        let (wall, steady) = (local(), Instant::now());
        let mut watch = ClockWatch::new(wall, steady);
        let mut after = |wall_s: i64, steady_s: u64| {
            watch.stepped(wall + TimeDelta::seconds(wall_s), steady + Duration::from_secs(steady_s))
        };
        assert_eq!(after(1, 1), None);
        assert_eq!(after(3602, 2), Some(TimeDelta::hours(1)), "forward, or a machine that slept");
        assert_eq!(after(3603, 3), None, "told once");
        assert_eq!(after(4, 4), Some(TimeDelta::hours(-1)), "back");
        // A busy machine looks late, which is no step.
        assert_eq!(after(64, 64), None);
        let drifted = wall + TimeDelta::milliseconds(65_400);
        assert_eq!(watch.stepped(drifted, steady + Duration::from_secs(65)), None);
    }
}

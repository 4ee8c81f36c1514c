//! A fixed interval: due at its multiples since the Unix epoch, so that all daemons agree without talking.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::rule::ScheduleError;

/// The shortest interval, in microseconds: cron's resolution. Each due time costs rows; a loop belongs in a step.
const SHORTEST_MICROS: i64 = 1_000_000;

/// An interval in whole microseconds, as exact as the state database keeps times.
pub(super) struct Interval {
    micros: i64,
}

impl Interval {
    /// Reads the interval.
    pub(super) fn new(interval: Duration) -> Result<Self, ScheduleError> {
        match i64::try_from(interval.as_micros()) {
            Ok(micros) if micros >= SHORTEST_MICROS => Ok(Self { micros }),
            Ok(_) => Err(ScheduleError("an interval must be at least one second".to_owned())),
            Err(_) => Err(ScheduleError("this interval is longer than time itself can be counted".to_owned())),
        }
    }

    /// The first multiple strictly after `after`.
    pub(super) fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let passed = after.timestamp_micros().div_euclid(self.micros);
        DateTime::from_timestamp_micros(passed.checked_add(1)?.checked_mul(self.micros)?)
    }
}

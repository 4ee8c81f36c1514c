//! When a job is due: cron or an interval, in a time zone, with a stated rule for each thing that DST does.
//!
//! A cron expression is a question about wall clocks, so it is answered on a clock without a zone (`croner`) and only
//! then brought to the time line (`chrono-tz`). What happens where the two disagree is the user's choice:
//!
//! | local time | `gap` or `repeat` | due |
//! |---|---|---|
//! | skipped | `shift` | at the first instant after the gap; several that fall there are one |
//! | skipped | `skip` | not |
//! | repeated | `first`, `second`, `both` | the first time, the second time, both times |
//!
//! An expression whose hour field matches all 24 hours (`*`, `*/1`, `0-23`) means "all the time", not "at this hour".
//! It runs on through real time: due whenever a wall clock shows a matching minute, in both passes of a repeated hour,
//! and never shifted out of a gap, where it would come twice within minutes.
//!
//! An interval knows no zone: its due times are the multiples of it since the Unix epoch.

mod calendar;
mod interval;
mod rule;
#[cfg(test)]
mod tests;
mod words;

pub use rule::{Gap, Missed, Occurrence, Reading, Repeat, Schedule, ScheduleError, When};

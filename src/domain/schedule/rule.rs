//! A job's schedule as resolved, and the two questions that are asked of it: what is next, and what was in between.
//!
//! Due times are strictly increasing. Nothing here reads a clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::Calendar;
use super::interval::Interval;

/// A job's schedule, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// The due times.
    #[schema(value_type = Object)]
    pub when: When,
    /// The zone in which a cron expression is read.
    #[schema(value_type = String)]
    pub zone: Tz,
    /// Firings that no daemon was up for.
    pub missed: Missed,
    /// Firings missed for longer than this are not run.
    #[schema(value_type = Object)]
    pub missed_window: Duration,
    /// A local time that DST skips. Without effect on a cron expression that is due in every hour.
    pub gap: Gap,
    /// A local time that DST repeats. Without effect on a cron expression that is due in every hour.
    pub repeat: Repeat,
}

/// The due times of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A cron expression as written: 5 fields, 6 with leading seconds, or `@daily` and its like.
    Cron(String),
    /// A fixed interval, counted from the Unix epoch so that all daemons agree.
    Every(Duration),
}

/// What happens to firings that no daemon was up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Each gets its run, oldest first.
    All,
    /// The newest gets its run, older ones are superseded by it.
    #[default]
    Latest,
    /// None gets a run.
    Skip,
}

/// What happens at a local time that DST skips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Due at the first instant after the gap.
    #[default]
    Shift,
    /// Not due.
    Skip,
}

/// What happens at a local time that DST repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Due the first time.
    #[default]
    First,
    /// Due the second time.
    Second,
    /// Due both times.
    Both,
}

/// A point of a schedule: a due time, or the place of one that a gap of the clock leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// When. Of one in a gap: the gap's end.
    pub at: DateTime<Utc>,
    /// Its local time doesn't exist that day, and `gap` is `skip`: it isn't due, but the ledger says so.
    pub in_gap: bool,
}

/// Why an expression is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScheduleError(pub String);

impl Schedule {
    /// Checks that the expression can be read and is ever due after `now`.
    pub fn validate(&self, now: DateTime<Utc>) -> Result<(), ScheduleError> {
        match self.next_after(now)? {
            Some(_) => Ok(()),
            None => Err(ScheduleError("this schedule is never due".to_owned())),
        }
    }

    /// The first due time strictly after `after`; `None` if there is none.
    pub fn next_after(&self, after: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ScheduleError> {
        Ok(self.times()?.next_after(after))
    }

    /// Due times in `(after, until]`, oldest first, at most `limit` of them.
    pub fn between(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DateTime<Utc>>, ScheduleError> {
        let times = self.times()?;
        let due = std::iter::successors(times.next_after(after), |last| times.next_after(*last));
        Ok(due.take_while(|next| *next <= until).take(limit).collect())
    }

    /// The schedule with its expression read, for whoever asks it more than one question.
    pub fn read(&self) -> Result<Reading, ScheduleError> {
        let all = self.times_with(Gap::Shift)?;
        Ok(Reading { all, due: if self.gap == Gap::Skip { Some(self.times()?) } else { None } })
    }

    /// Due times in `(after, until]` together with the places of those that a gap leaves out, at most `limit`.
    pub fn occurrences(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Occurrence>, ScheduleError> {
        Ok(self.read()?.occurrences(after, until, limit))
    }

    /// The due times, read once.
    fn times(&self) -> Result<Times, ScheduleError> {
        self.times_with(self.gap)
    }

    fn times_with(&self, gap: Gap) -> Result<Times, ScheduleError> {
        match &self.when {
            When::Cron(expression) => Calendar::new(expression, self.zone, gap, self.repeat)
                .map(|calendar| Times::Calendar(Box::new(calendar))),
            When::Every(interval) => Interval::new(*interval).map(Times::Interval),
        }
    }
}

/// A schedule with its expression read.
pub struct Reading {
    /// Due times, and the ends of gaps.
    all: Times,
    /// Due times, where gaps are left out: all the others are ends of gaps.
    due: Option<Times>,
}

impl Reading {
    /// Due times in `(after, until]` together with the places of those that a gap leaves out, at most `limit`.
    pub fn occurrences(&self, after: DateTime<Utc>, until: DateTime<Utc>, limit: usize) -> Vec<Occurrence> {
        let all = std::iter::successors(self.all.next_after(after), |last| self.all.next_after(*last));
        let all = all.take_while(|next| *next <= until).take(limit);
        let Some(due) = &self.due else { return all.map(|at| Occurrence { at, in_gap: false }).collect() };
        let mut next_due = due.next_after(after);
        let mut occurrence = |at: DateTime<Utc>| {
            let in_gap = next_due != Some(at);
            if !in_gap {
                next_due = due.next_after(at);
            }
            Occurrence { at, in_gap }
        };
        all.map(&mut occurrence).collect()
    }

    /// The first due time or gap's end strictly after `after`; `None` if there is none.
    pub fn next_occurrence(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.all.next_after(after)
    }
}

/// A schedule's due times, its expression read.
enum Times {
    Calendar(Box<Calendar>),
    Interval(Interval),
}

impl Times {
    fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Calendar(calendar) => calendar.next_after(after),
            Self::Interval(interval) => interval.next_after(after),
        }
    }
}

//! A cron expression in a zone: wall-clock times from `croner`, brought to the time line with `chrono-tz`.
//!
//! Each pass over the wall clock (the first or the second time that a local time comes) is a strictly increasing
//! sequence of instants, gaps shifted or left out. Asking for both passes is asking each and taking the earlier answer,
//! so nothing has to be sorted and nothing is remembered between two calls.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use super::rule::{Gap, Repeat, ScheduleError};

/// A cron expression, read, with its zone and the rules for what DST does.
pub(super) struct Calendar {
    cron: Cron,
    zone: Tz,
    gap: Gap,
    repeat: Repeat,
}

/// Which time of a repeated local time.
#[derive(Clone, Copy)]
enum Pass {
    First,
    Second,
}

impl Calendar {
    /// Reads the expression. One that is due in every hour follows the clock, whatever `gap` and `repeat` say.
    pub(super) fn new(expression: &str, zone: Tz, gap: Gap, repeat: Repeat) -> Result<Self, ScheduleError> {
        let cron = parse(expression)?;
        let every_hour = (0..24).all(|hour| cron.pattern.hour_match(hour).unwrap_or(false));
        let (gap, repeat) = if every_hour { (Gap::Skip, Repeat::Both) } else { (gap, repeat) };
        Ok(Self { cron, zone, gap, repeat })
    }

    /// The first due time strictly after `after`.
    pub(super) fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.repeat {
            Repeat::First => self.next_in(Pass::First, after),
            Repeat::Second => self.next_in(Pass::Second, after),
            Repeat::Both => {
                let passes = [self.next_in(Pass::First, after), self.next_in(Pass::Second, after)];
                passes.into_iter().flatten().min()
            }
        }
    }

    /// The first due time of one pass strictly after `after`.
    fn next_in(&self, pass: Pass, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (mut local, mut inclusive) = self.start(pass, after);
        loop {
            local = self.cron.find_next_occurrence(&local, inclusive).ok()?;
            inclusive = false;
            let instant = match (self.zone.from_local_datetime(&local).earliest(), pass) {
                (Some(first), Pass::First) => first,
                (Some(first), Pass::Second) => self.zone.from_local_datetime(&local).latest().unwrap_or(first),
                (None, _) => {
                    let end = GapInfo::new(&local, &self.zone)?.end?;
                    match self.gap {
                        Gap::Shift => end,
                        Gap::Skip => {
                            (local, inclusive) = (end.naive_local(), true);
                            continue;
                        }
                    }
                }
            };
            if instant > after {
                return Some(instant.to_utc());
            }
        }
    }

    /// Where on the wall clock the search of a pass begins, and whether that time counts itself.
    ///
    /// Only within a repeated stretch is this not what the clock shows: the first pass has nothing left once the
    /// second is on, and the second has all of it ahead while the first is on.
    fn start(&self, pass: Pass, after: DateTime<Utc>) -> (NaiveDateTime, bool) {
        let local = after.with_timezone(&self.zone).naive_local();
        let Some((first, second)) = ambiguous(self.zone, local) else { return (local, false) };
        let turn = turn_between(self.zone, first, second);
        match pass {
            Pass::First if after >= turn => {
                ((turn - TimeDelta::seconds(1)).with_timezone(&self.zone).naive_local(), false)
            }
            Pass::Second if after < turn => (turn.with_timezone(&self.zone).naive_local(), true),
            _ => (local, false),
        }
    }
}

/// Both instants of a local time that comes twice.
fn ambiguous(zone: Tz, local: NaiveDateTime) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Ambiguous(first, second) => Some((first.to_utc(), second.to_utc())),
        _ => None,
    }
}

/// The whole second in `(before, until]` from which on the zone's offset is that of `until`.
fn turn_between(zone: Tz, before: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    let offset = |second: i64| {
        DateTime::from_timestamp(second, 0).map(|instant| zone.offset_from_utc_datetime(&instant.naive_utc()))
    };
    let (mut low, mut high) = (before.timestamp(), until.timestamp());
    let new = offset(high);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if offset(middle) == new { high = middle } else { low = middle }
    }
    DateTime::from_timestamp(high, 0).unwrap_or(until)
}

/// Reads an expression: 5 fields as Vixie's cron, 6 with leading seconds, or a nickname.
fn parse(expression: &str) -> Result<Cron, ScheduleError> {
    let error = |why: String| ScheduleError(format!("`{expression}` is not a cron expression: {why}"));
    let trimmed = expression.trim();
    let lower = trimmed.to_ascii_lowercase();
    let text = match lower.as_str() {
        "@midnight" => "@daily",
        "@yearly" | "@annually" | "@monthly" | "@weekly" | "@daily" | "@hourly" => lower.as_str(),
        _ if lower.starts_with('@') => {
            return Err(error("the nicknames are @yearly, @monthly, @weekly, @daily and @hourly".to_owned()));
        }
        _ => trimmed,
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    if !text.starts_with('@') && !(5..=6).contains(&fields.len()) {
        return Err(error(format!("it has {} fields; 5 are needed, or 6 with leading seconds", fields.len())));
    }
    // As in Vixie's cron, a day field that begins with a star does not widen the other: `*/2` and a weekday must both
    // hold, `1-31/2` and a weekday need not.
    let starred =
        fields.len() >= 5 && [fields.len() - 3, fields.len() - 1].iter().any(|at| fields[*at].starts_with('*'));
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).dom_and_dow(starred).build();
    parser.parse(text).map_err(|why| error(plainly(&why.to_string())))
}

/// The parser's words as a fragment of ours.
fn plainly(words: &str) -> String {
    let words = words.rsplit_once("error: ").map_or(words, |(_, rest)| rest).trim_end_matches('.');
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

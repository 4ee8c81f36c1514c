//! A job's deadline: a time of day by which what was due must have succeeded.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

/// A time of day in the job's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Deadline(NaiveTime);

impl Deadline {
    /// Reads `07:30`.
    pub fn parse(text: &str) -> Option<Self> {
        NaiveTime::parse_from_str(text.trim(), "%H:%M").ok().map(Self)
    }

    /// The first deadline strictly after an instant. A time that daylight saving skips is the end of the gap, one that it
    /// repeats is the first of the two: rather too early than too late.
    pub fn next_after(self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = after.with_timezone(&zone).date_naive();
        // From yesterday, because a gap may have moved its deadline into today; a whole day can be missing, too.
        let days = (0..4).filter_map(|more| today.pred_opt()?.checked_add_days(Days::new(more)));
        days.filter_map(|day| self.on(day, zone)).filter(|instant| *instant > after).min()
    }

    fn on(self, day: chrono::NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
        let local = day.and_time(self.0);
        let instant = zone.from_local_datetime(&local).earliest();
        instant.or_else(|| GapInfo::new(&local, &zone)?.end).map(|instant| instant.to_utc())
    }
}

impl std::fmt::Display for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

impl TryFrom<String> for Deadline {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no time of day"))
    }
}

impl From<Deadline> for String {
    fn from(deadline: Deadline) -> Self {
        deadline.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(deadline: &str, after: &str, zone: Tz) -> String {
        let after: DateTime<Utc> = after.parse().unwrap();
        Deadline::parse(deadline).unwrap().next_after(after, zone).unwrap().to_rfc3339()
    }

    #[test]
    fn a_deadline_is_the_next_time_that_the_zones_clock_shows_it() {
        let seoul = Tz::Asia__Seoul;
        assert_eq!(next("07:30", "2026-11-20T22:29:59Z", seoul), "2026-11-20T22:30:00+00:00");
        assert_eq!(next("07:30", "2026-11-20T22:30:00Z", seoul), "2026-11-21T22:30:00+00:00");
        assert_eq!(next("00:00", "2026-11-20T15:00:00Z", seoul), "2026-11-21T15:00:00+00:00");
    }

    #[test]
    fn a_skipped_time_is_the_end_of_its_gap_and_a_repeated_one_its_first() {
        let new_york = Tz::America__New_York;
        assert_eq!(next("02:30", "2026-03-08T05:00:00Z", new_york), "2026-03-08T07:00:00+00:00");
        assert_eq!(next("02:30", "2026-03-08T07:00:00Z", new_york), "2026-03-09T06:30:00+00:00");
        assert_eq!(next("01:30", "2026-11-01T04:00:00Z", new_york), "2026-11-01T05:30:00+00:00");
        // Samoa had no 30 December 2011: that day's deadline is the beginning of the next day.
        assert_eq!(next("07:30", "2011-12-29T17:30:00Z", Tz::Pacific__Apia), "2011-12-30T10:00:00+00:00");
    }

    #[test]
    fn only_a_time_of_day_is_a_deadline() {
        assert!(["7:30", "00:00", "23:59"].iter().all(|text| Deadline::parse(text).is_some()));
        assert!(["24:00", "07:30:00", "7h", "07.30", ""].iter().all(|text| Deadline::parse(text).is_none()));
        assert_eq!(serde_json::to_string(&Deadline::parse("7:05").unwrap()).unwrap(), "\"07:05\"");
    }
}

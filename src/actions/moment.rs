//! Points in time as people type them: RFC 3339, or a date or date and time in a job's zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::spec::authored::parse_duration;

/// Which end of a stretch of time a point is: what a date alone means, and a local time that comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// From it on.
    From,
    /// Up to it, itself included.
    To,
}

/// Ways to write a local time.
const LOCAL: [&str; 4] = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"];

/// The instant that the text means.
pub fn parse(text: &str, zone: Tz, edge: Edge) -> Result<DateTime<Utc>, Failure> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    if let Some(local) = LOCAL.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()) {
        return Ok(instant(local, zone, edge));
    }
    let wrong = || {
        let hint = "write a date (2026-11-01), a time in the job's zone (2026-11-01T06:30), or one with its offset \
                    (2026-11-01T06:30:00+09:00)";
        Failure::permanent(Code::Parameter, Side::Internal, format!("`{text}` is no point in time")).with_hint(hint)
    };
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| wrong())?;
    Ok(match edge {
        Edge::From => instant(date.and_time(NaiveTime::MIN), zone, edge),
        Edge::To => {
            let next = date.succ_opt().ok_or_else(wrong)?.and_time(NaiveTime::MIN);
            instant(next, zone, Edge::From) - TimeDelta::microseconds(1)
        }
    })
}

/// The instant that the text means, which may also be so long ago: `2h`, `1d`.
pub fn since(text: &str, now: DateTime<Utc>, zone: Tz, edge: Edge) -> Result<DateTime<Utc>, Failure> {
    match parse_duration(text.trim()) {
        Ok(ago) => Ok(TimeDelta::from_std(ago).ok().and_then(|ago| now.checked_sub_signed(ago)).unwrap_or_default()),
        Err(_) => parse(text, zone, edge),
    }
}

/// The instant of a local time. One that doesn't exist is the end of the gap that it falls into.
fn instant(local: NaiveDateTime, zone: Tz, edge: Edge) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&local);
    let found = if edge == Edge::From { found.earliest() } else { found.latest() };
    let after_gap = || GapInfo::new(&local, &zone).and_then(|gap| gap.end);
    found.or_else(after_gap).map_or_else(|| local.and_utc(), |instant| instant.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str, zone: Tz) -> String {
        parse(text, zone, Edge::From).unwrap().to_rfc3339()
    }

    fn to(text: &str, zone: Tz) -> String {
        parse(text, zone, Edge::To).unwrap().to_rfc3339()
    }

    #[test]
    fn a_date_is_a_whole_day_of_the_zone_and_an_offset_rules() {
        let seoul = Tz::Asia__Seoul;
        assert_eq!(from("2026-11-01", seoul), "2026-10-31T15:00:00+00:00");
        assert_eq!(to("2026-11-01", seoul), "2026-11-01T14:59:59.999999+00:00");
        assert_eq!(from("2026-11-01T06:30", seoul), from("2026-11-01 06:30:00", seoul));
        assert_eq!(from("2026-11-01T06:30:00Z", seoul), "2026-11-01T06:30:00+00:00");
        assert!(parse("yesterday", seoul, Edge::To).is_err() && parse("2026-13-01", seoul, Edge::From).is_err());
    }

    #[test]
    fn a_stretch_has_both_passes_of_a_repeated_hour_and_a_skipped_time_is_the_end_of_its_gap() {
        let new_york = Tz::America__New_York;
        assert_eq!(from("2026-11-01T01:30", new_york), "2026-11-01T05:30:00+00:00");
        assert_eq!(to("2026-11-01T01:30", new_york), "2026-11-01T06:30:00+00:00");
        assert_eq!(from("2026-03-08T02:30", new_york), "2026-03-08T07:00:00+00:00");
        // In Chile a day may begin at one o'clock.
        assert_eq!(from("2026-09-06", Tz::America__Santiago), "2026-09-06T04:00:00+00:00");
    }
}

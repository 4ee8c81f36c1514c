//! Schedules against the odd days of the world: days that lose or repeat an hour, half an hour, or all of themselves.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::*;

mod walk;

fn cron(expression: &str, zone: Tz) -> Schedule {
    Schedule {
        when: When::Cron(expression.to_owned()),
        zone,
        missed: Missed::Latest,
        missed_window: Duration::from_hours(24),
        gap: Gap::Shift,
        repeat: Repeat::First,
    }
}

/// Due times after `from`, in the zone's own time with its offset.
fn due(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let from: DateTime<Utc> = from.parse().unwrap();
    let times = schedule.between(from, from + TimeDelta::days(4000), count).unwrap();
    times.iter().map(|time| time.with_timezone(&schedule.zone).format("%m-%d %H:%M:%S %z").to_string()).collect()
}

#[test]
fn seoul_has_no_surprises() {
    let schedule = cron("30 6 * * mon-fri", Tz::Asia__Seoul);
    assert_eq!(
        due(&schedule, "2026-11-19T21:30:00Z", 3),
        ["11-23 06:30:00 +0900", "11-24 06:30:00 +0900", "11-25 06:30:00 +0900"]
    );
}

#[test]
fn new_york_skips_an_hour_in_spring() {
    let mut schedule = cron("30 2 * * *", Tz::America__New_York);
    assert_eq!(due(&schedule, "2026-03-08T00:00:00Z", 2), ["03-08 03:00:00 -0400", "03-09 02:30:00 -0400"]);
    schedule.gap = Gap::Skip;
    assert_eq!(due(&schedule, "2026-03-08T00:00:00Z", 1), ["03-09 02:30:00 -0400"]);
    // Four times that fall into the gap, and the one that lies at its end, are one.
    let schedule = cron("0,15,30,45 2,3 * * *", Tz::America__New_York);
    assert_eq!(due(&schedule, "2026-03-08T00:00:00Z", 2), ["03-08 03:00:00 -0400", "03-08 03:15:00 -0400"]);
}

#[test]
fn new_york_repeats_an_hour_in_autumn() {
    let mut schedule = cron("30 1 * * *", Tz::America__New_York);
    let from = "2026-11-01T04:30:00Z";
    assert_eq!(due(&schedule, from, 2), ["11-01 01:30:00 -0400", "11-02 01:30:00 -0500"]);
    schedule.repeat = Repeat::Second;
    assert_eq!(due(&schedule, from, 2), ["11-01 01:30:00 -0500", "11-02 01:30:00 -0500"]);
    schedule.repeat = Repeat::Both;
    assert_eq!(due(&schedule, from, 2), ["11-01 01:30:00 -0400", "11-01 01:30:00 -0500"]);
    schedule.when = When::Cron("20,40 1 * * *".to_owned());
    let passes = ["01:20:00 -0400", "01:40:00 -0400", "01:20:00 -0500", "01:40:00 -0500"];
    assert_eq!(due(&schedule, from, 4), passes.map(|time| format!("11-01 {time}")));
}

#[test]
fn an_hourly_job_neither_pauses_in_a_repeated_hour_nor_doubles_in_a_gap() {
    for expression in ["30 * * * *", "30 */1 * * *", "30 0-23 * * *", "*/15 * * * *", "* * * * *"] {
        let schedule = cron(expression, Tz::America__New_York);
        for day in ["2026-03-08T00:00:00Z", "2026-11-01T00:00:00Z"] {
            let from: DateTime<Utc> = day.parse().unwrap();
            let times = schedule.between(from, from + TimeDelta::days(1), 2000).unwrap();
            let gaps: BTreeSet<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(gaps.len(), 1, "{expression} on {day}: {gaps:?}");
        }
    }
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    let zone = Tz::Australia__Lord_Howe;
    let schedule = cron("15 2 * * *", zone);
    assert_eq!(due(&schedule, "2026-10-03T00:00:00Z", 2), ["10-04 02:30:00 +1100", "10-05 02:15:00 +1100"]);
    let mut schedule = cron("45 1 * * *", zone);
    schedule.repeat = Repeat::Both;
    assert_eq!(due(&schedule, "2026-04-04T12:00:00Z", 2), ["04-05 01:45:00 +1100", "04-05 01:45:00 +1030"]);
    let schedule = cron("45 * * * *", zone);
    assert_eq!(
        due(&schedule, "2026-04-04T14:00:00Z", 3),
        ["04-05 01:45:00 +1100", "04-05 01:45:00 +1030", "04-05 02:45:00 +1030"]
    );
}

#[test]
fn chile_changes_at_midnight() {
    let schedule = cron("@daily", Tz::America__Santiago);
    assert_eq!(due(&schedule, "2026-09-05T12:00:00Z", 2), ["09-06 01:00:00 -0300", "09-07 00:00:00 -0300"]);
    // Saturday's last hour comes twice.
    let mut schedule = cron("30 23 * * sat", Tz::America__Santiago);
    assert_eq!(due(&schedule, "2026-04-04T12:00:00Z", 2), ["04-04 23:30:00 -0300", "04-11 23:30:00 -0400"]);
    schedule.repeat = Repeat::Second;
    assert_eq!(due(&schedule, "2026-04-04T12:00:00Z", 1), ["04-04 23:30:00 -0400"]);
}

#[test]
fn samoa_left_out_a_whole_day() {
    let mut schedule = cron("0 9,12 * * *", Tz::Pacific__Apia);
    let times = ["12-29 12:00:00 -1000", "12-31 00:00:00 +1400", "12-31 09:00:00 +1400"];
    assert_eq!(due(&schedule, "2011-12-29T20:00:00Z", 3), times);
    schedule.gap = Gap::Skip;
    assert_eq!(due(&schedule, "2011-12-29T22:00:00Z", 1), ["12-31 09:00:00 +1400"]);
    let hourly = cron("0 * * * *", Tz::Pacific__Apia);
    assert_eq!(due(&hourly, "2011-12-30T09:30:00Z", 2), ["12-31 00:00:00 +1400", "12-31 01:00:00 +1400"]);
}

#[test]
fn days_are_read_as_vixie_read_them() {
    // Both restricted: either is enough.
    assert_eq!(due(&cron("0 0 13 * fri", Tz::UTC), "2026-11-10T00:00:00Z", 2).len(), 2);
    assert_eq!(
        due(&cron("0 0 11 * fri", Tz::UTC), "2026-11-10T00:00:00Z", 2),
        ["11-11 00:00:00 +0000", "11-13 00:00:00 +0000"]
    );
    // One begins with a star: both must hold.
    assert_eq!(
        due(&cron("0 0 */2 * fri", Tz::UTC), "2026-11-10T00:00:00Z", 2),
        ["11-13 00:00:00 +0000", "11-27 00:00:00 +0000"]
    );
}

#[test]
fn six_fields_lead_with_seconds_and_the_specials_work() {
    let first = |expression: &str| due(&cron(expression, Tz::UTC), "2026-11-20T10:00:00Z", 1).pop().unwrap();
    assert_eq!(first("*/20 * * * * *"), "11-20 10:00:20 +0000");
    assert_eq!(first("0 6 L * *"), "11-30 06:00:00 +0000");
    assert_eq!(first("0 6 LW 1 *"), "01-29 06:00:00 +0000");
    assert_eq!(first("0 6 22W * *"), "11-23 06:00:00 +0000");
    assert_eq!(first("0 6 * * mon#1"), "12-07 06:00:00 +0000");
    assert_eq!(first("0 6 * DEC fri#L"), "12-25 06:00:00 +0000");
    assert_eq!(first("5-59/30 9-17 * * 1-5"), "11-20 10:05:00 +0000");
    assert_eq!(first("0 0 * * 7"), "11-22 00:00:00 +0000");
    assert_eq!(first("@midnight"), "11-21 00:00:00 +0000");
    assert_eq!(first("@Weekly"), "11-22 00:00:00 +0000");
    assert_eq!(first("@monthly"), "12-01 00:00:00 +0000");
    assert_eq!(first("0 0 29 2 *"), "02-29 00:00:00 +0000");
}

#[test]
fn what_is_no_schedule_is_refused_in_plain_words() {
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    for (expression, words) in [
        ("", "it has 0 fields"),
        ("* * * *", "it has 4 fields"),
        ("0 0 1 1 * 2030 *", "it has 7 fields"),
        ("61 * * * *", "`61 * * * *` is not a cron expression"),
        ("0 24 * * *", "is not a cron expression"),
        ("0 0 * * funday", "is not a cron expression"),
        ("*/0 * * * *", "is not a cron expression"),
        ("@reboot", "the nicknames are"),
        ("0 0 31 2 *", "never due"),
        ("0 0 30 feb *", "never due"),
    ] {
        let started = Instant::now();
        let error = cron(expression, Tz::America__New_York).validate(now).unwrap_err().to_string();
        assert!(error.contains(words), "{expression}: {error}");
        assert!(started.elapsed() < Duration::from_secs(1), "{expression} took {:?}", started.elapsed());
    }
}

#[test]
fn an_interval_is_counted_from_the_epoch() {
    let mut schedule = cron("", Tz::UTC);
    schedule.when = When::Every(Duration::from_mins(90));
    assert_eq!(due(&schedule, "1970-01-01T00:00:00Z", 2), ["01-01 01:30:00 +0000", "01-01 03:00:00 +0000"]);
    assert_eq!(due(&schedule, "1969-12-31T23:59:59Z", 1), ["01-01 00:00:00 +0000"]);
    for (interval, words) in [(Duration::from_millis(500), "at least one second"), (Duration::MAX, "longer than time")]
    {
        schedule.when = When::Every(interval);
        let error = schedule.validate(DateTime::UNIX_EPOCH).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_second_by_second_cron_stays_quick_around_a_turn() {
    let mut schedule = cron("* * 1 * * *", Tz::America__New_York);
    schedule.repeat = Repeat::Both;
    let from = "2026-11-01T05:00:00Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::seconds(1);
    let started = Instant::now();
    let times = schedule.between(from, from + TimeDelta::hours(5), 10_000).unwrap();
    assert_eq!(times.len(), 7200);
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
}

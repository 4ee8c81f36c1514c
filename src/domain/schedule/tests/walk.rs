//! The calendar against a walk through every minute: expressions and days at random, an oracle that looks at the clock on the wall.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Gap, Repeat, Schedule, cron};

/// A simple expression, kept as sets so that a test can match it by itself.
#[derive(Clone, Debug)]
struct Simple {
    minutes: BTreeSet<u32>,
    hours: Option<BTreeSet<u32>>,
    weekdays: Option<BTreeSet<u32>>,
}

impl Simple {
    fn expression(&self) -> String {
        let list = |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let or_star = |set: &Option<BTreeSet<u32>>| set.as_ref().map_or_else(|| "*".to_owned(), list);
        format!("{} {} * * {}", list(&self.minutes), or_star(&self.hours), or_star(&self.weekdays))
    }

    fn matches(&self, local: NaiveDateTime) -> bool {
        let holds = |set: &Option<BTreeSet<u32>>, value| set.as_ref().is_none_or(|set| set.contains(&value));
        self.minutes.contains(&local.minute())
            && holds(&self.hours, local.hour())
            && holds(&self.weekdays, local.weekday().num_days_from_sunday())
    }

    /// Steps through every minute of real time and looks at the clock on the wall.
    fn oracle(&self, schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let local_of = |instant: DateTime<Utc>| instant.with_timezone(&schedule.zone).naive_local();
        let every_hour = self.hours.as_ref().is_none_or(|hours| hours.len() == 24);
        let mut due = BTreeSet::new();
        let mut now = from + TimeDelta::minutes(1);
        while now <= until {
            let local = local_of(now);
            if self.matches(local) {
                let both = schedule.zone.from_local_datetime(&local);
                let wanted = match schedule.repeat {
                    Repeat::First => both.earliest().unwrap() == now,
                    Repeat::Second => both.latest().unwrap() == now,
                    Repeat::Both => true,
                };
                if wanted || every_hour {
                    due.insert(now);
                }
            }
            let mut skipped = local_of(now - TimeDelta::minutes(1)) + TimeDelta::minutes(1);
            while skipped < local {
                if self.matches(skipped) && schedule.gap == Gap::Shift && !every_hour {
                    due.insert(now);
                }
                skipped += TimeDelta::minutes(1);
            }
            now += TimeDelta::minutes(1);
        }
        due.into_iter().collect()
    }
}

fn some_of(values: std::ops::Range<u32>) -> impl Strategy<Value = BTreeSet<u32>> {
    prop::collection::btree_set(values, 1..5)
}

prop_compose! {
    fn simple()(minutes in some_of(0..60), hours in prop::option::weighted(0.7, some_of(0..24)),
                weekdays in prop::option::weighted(0.3, some_of(0..7))) -> Simple {
        Simple { minutes, hours, weekdays }
    }
}

/// A zone, and a day just before its clocks change.
fn turns() -> impl Strategy<Value = (Tz, &'static str)> {
    prop::sample::select(vec![
        (Tz::America__New_York, "2026-03-07"),
        (Tz::America__New_York, "2026-10-31"),
        (Tz::Europe__London, "2026-03-28"),
        (Tz::Europe__London, "2026-10-24"),
        (Tz::Australia__Lord_Howe, "2026-04-04"),
        (Tz::Australia__Lord_Howe, "2026-10-03"),
        (Tz::America__Santiago, "2026-04-04"),
        (Tz::America__Santiago, "2026-09-05"),
        (Tz::Pacific__Apia, "2011-12-29"),
        (Tz::Africa__Casablanca, "2026-02-14"),
        (Tz::Africa__Casablanca, "2026-03-21"),
        (Tz::Asia__Seoul, "2026-11-20"),
        (Tz::Antarctica__Troll, "2026-03-28"),
        (Tz::Antarctica__Troll, "2026-10-24"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_calendar_agrees_with_a_walk_through_every_minute(
        simple in simple(), (zone, day) in turns(), start in 0i64..1440,
        gap in prop::sample::select(vec![Gap::Shift, Gap::Skip]),
        repeat in prop::sample::select(vec![Repeat::First, Repeat::Second, Repeat::Both]),
    ) {
        let schedule = Schedule { gap, repeat, ..cron(&simple.expression(), zone) };
        let from = format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(start);
        let until = from + TimeDelta::days(2);
        let found = schedule.between(from, until, usize::MAX).unwrap();
        prop_assert_eq!(&found, &simple.oracle(&schedule, from, until), "{}", simple.expression());
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_next_one_is_the_same_from_anywhere_before_it(
        simple in simple(), (zone, day) in turns(), start in 0i64..172_800_000,
        repeat in prop::sample::select(vec![Repeat::First, Repeat::Second, Repeat::Both]),
    ) {
        let schedule = Schedule { repeat, ..cron(&simple.expression(), zone) };
        let origin = format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let after = origin + TimeDelta::milliseconds(start);
        let next = schedule.next_after(after).unwrap().unwrap();
        prop_assert!(next > after);
        let all = schedule.between(origin, next, usize::MAX).unwrap();
        prop_assert_eq!(all.into_iter().find(|time| *time > after), Some(next));
    }
}

//! The oracle: clocks on walls as `jiff` has them, and expressions kept as sets.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone as _, Timelike, Utc};
use chrono_tz::Tz;
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use rand::RngExt as _;
use rand::rngs::StdRng;
use windlass::domain::schedule::{Gap, Repeat};

/// An expression as sets, so that a local time can be matched without reading any text.
#[derive(Debug)]
pub(super) struct Expression {
    minutes: BTreeSet<u32>,
    /// `None`: every hour.
    hours: Option<BTreeSet<u32>>,
    weekdays: Option<BTreeSet<u32>>,
}

impl Expression {
    /// Some expression, more likely than not due near that local time.
    pub(super) fn random(rng: &mut StdRng, near: NaiveDateTime) -> Self {
        let mut some = |range: std::ops::Range<u32>, most: usize| -> BTreeSet<u32> {
            (0..rng.random_range(1..=most)).map(|_| rng.random_range(range.clone())).collect()
        };
        let (minutes, mut hours, weekdays) = (some(0..60, 3), some(0..24, 2), some(0..7, 5));
        hours.extend([near.hour(), (near.hour() + 23) % 24, (near.hour() + 1) % 24]);
        let hours = rng.random_bool(0.8).then_some(hours);
        Self { minutes, hours, weekdays: rng.random_bool(0.2).then_some(weekdays) }
    }

    /// As a job file has it.
    pub(super) fn text(&self) -> String {
        let list = |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let or_star = |set: &Option<BTreeSet<u32>>| set.as_ref().map_or_else(|| "*".to_owned(), list);
        format!("{} {} * * {}", list(&self.minutes), or_star(&self.hours), or_star(&self.weekdays))
    }

    /// The minutes on a clock, from well before to well after these instants, at which it is due.
    pub(super) fn minutes(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<NaiveDateTime> {
        // A local time is at most a day and two hours from its instant, and a gap was a day long once.
        let beyond = TimeDelta::hours(52);
        let mut local = (from - beyond).naive_utc().with_second(0).unwrap().with_nanosecond(0).unwrap();
        let mut found = Vec::new();
        while local <= (until + beyond).naive_utc() {
            if self.matches(local) {
                found.push(local);
            }
            local += TimeDelta::minutes(1);
        }
        found
    }

    fn matches(&self, local: NaiveDateTime) -> bool {
        let holds = |set: &Option<BTreeSet<u32>>, value| set.as_ref().is_none_or(|set| set.contains(&value));
        self.minutes.contains(&local.minute())
            && holds(&self.hours, local.hour())
            && holds(&self.weekdays, local.weekday().num_days_from_sunday())
    }
}

/// The clocks of a zone.
pub(super) struct Walls(TimeZone);

impl Walls {
    /// Those of a zone; `None` if the other library doesn't know its name.
    pub(super) fn of(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// When they are changed in these years.
    pub(super) fn turns(&self, years: std::ops::Range<i16>) -> Vec<DateTime<Utc>> {
        let at = |year: i16| Timestamp::from_second(i64::from(year - 1970) * 31_556_952).unwrap();
        let offset_before = |at: Timestamp| self.0.to_offset(at - jiff::SignedDuration::from_secs(1));
        self.0
            .following(at(years.start))
            .map(|turn| turn.timestamp())
            .take_while(|turn| *turn < at(years.end))
            // Some changes are of a name only.
            .filter(|turn| self.0.to_offset(*turn) != offset_before(*turn))
            .map(to_chrono)
            .collect()
    }

    /// What they show.
    pub(super) fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = self.0.to_offset(Timestamp::from_second(at.timestamp()).unwrap());
        (at + TimeDelta::seconds(offset.seconds().into())).naive_utc()
    }

    /// Whether the other library's database says the same of the days around this.
    pub(super) fn agrees(&self, zone: Tz, at: DateTime<Utc>) -> bool {
        (-160..160).all(|quarters| {
            let at = at + TimeDelta::minutes(15 * quarters);
            at.with_timezone(&zone).naive_local() == self.local(at)
        })
    }

    /// Due times in `(from, until]` of an expression that is due at these minutes.
    pub(super) fn due(
        &self,
        expression: &Expression,
        minutes: &[NaiveDateTime],
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        (gap, repeat): (Gap, Repeat),
    ) -> Vec<DateTime<Utc>> {
        // In every hour: whenever a clock shows it, and not where none does.
        let (gap, repeat) = if expression.hours.is_none() { (Gap::Skip, Repeat::Both) } else { (gap, repeat) };
        let due: BTreeSet<_> = minutes.iter().flat_map(|local| self.instants(*local, gap, repeat)).collect();
        due.into_iter().filter(|at| *at > from && *at <= until).collect()
    }

    /// When a local time is due.
    fn instants(&self, local: NaiveDateTime, gap: Gap, repeat: Repeat) -> Vec<DateTime<Utc>> {
        let with =
            |offset: jiff::tz::Offset| Utc.from_utc_datetime(&local) - TimeDelta::seconds(offset.seconds().into());
        let small = |number: u32| i8::try_from(number).unwrap();
        let wall = jiff::civil::date(local.year().try_into().unwrap(), small(local.month()), small(local.day())).at(
            small(local.hour()),
            small(local.minute()),
            0,
            0,
        );
        match (self.0.to_ambiguous_timestamp(wall).offset(), gap, repeat) {
            (AmbiguousOffset::Unambiguous { offset }, ..) => vec![with(offset)],
            (AmbiguousOffset::Gap { .. }, Gap::Skip, _) => Vec::new(),
            // With the old offset it is the instant so long after the change as the time lies in the gap.
            (AmbiguousOffset::Gap { before, .. }, Gap::Shift, _) => {
                let beyond = Timestamp::from_second(with(before).timestamp() + 1).unwrap();
                self.0.preceding(beyond).next().map(|turn| to_chrono(turn.timestamp())).into_iter().collect()
            }
            (AmbiguousOffset::Fold { before, .. }, _, Repeat::First) => vec![with(before)],
            (AmbiguousOffset::Fold { after, .. }, _, Repeat::Second) => vec![with(after)],
            (AmbiguousOffset::Fold { before, after }, _, Repeat::Both) => vec![with(before), with(after)],
        }
    }
}

fn to_chrono(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(at.as_second(), 0).unwrap()
}

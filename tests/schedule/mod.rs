//! Every zone of the world around the days on which its clocks change, against an independent oracle.
//!
//! The oracle knows nothing of `croner` or `chrono-tz`: it walks through every minute that a clock on the wall shows,
//! compares it with the expression's sets by itself, and asks another library with its own copy of the time zone database
//! (`jiff`) which instants that minute is.

mod oracle;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::schedule::{Gap, Missed, Repeat, Schedule, When};

use self::oracle::{Expression, Walls};
use crate::support::flags;

/// The years whose changes of clocks are looked at: those in which the zones' offsets are whole minutes, and before the
/// years about which two editions of the database may have heard different news.
const YEARS: std::ops::Range<i16> = 2000..2025;

/// Zones with odd rules, of which more changes are looked at: half an hour; midnight; abolished; a day left out; a month
/// without; two hours; the other hemisphere.
const ODD: [&str; 10] = [
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Tehran",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "Asia/Pyongyang",
    "Europe/Dublin",
];

/// How far around a change is looked.
const AROUND: TimeDelta = TimeDelta::hours(30);

fn schedule(expression: &Expression, zone: Tz, gap: Gap, repeat: Repeat) -> Schedule {
    let (missed, missed_window) = (Missed::Latest, Duration::from_hours(24));
    Schedule { when: When::Cron(expression.text()), zone, missed, missed_window, gap, repeat }
}

/// Checks every way to treat this change of a zone's clocks with some expression. Returns how many were checked.
fn check(zone: Tz, walls: &Walls, turn: DateTime<Utc>, rng: &mut StdRng) -> usize {
    let (from, until) = (turn - AROUND, turn + AROUND);
    let expression = Expression::random(rng, walls.local(turn));
    let minutes = expression.minutes(from, until);
    let mut checked = 0;
    for repeat in [Repeat::First, Repeat::Second, Repeat::Both] {
        let shifted = walls.due(&expression, &minutes, (from, until), (Gap::Shift, repeat));
        for gap in [Gap::Shift, Gap::Skip] {
            let schedule = schedule(&expression, zone, gap, repeat);
            let found = schedule.between(from, until, usize::MAX).unwrap();
            let what = || format!("{} in {zone} around {turn}, {gap:?}, {repeat:?}", expression.text());
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "not increasing: {}", what());
            assert_eq!(found, walls.due(&expression, &minutes, (from, until), (gap, repeat)), "{}", what());
            if gap == Gap::Skip {
                // What the ledger is told of gaps: the places at which another policy would have it due.
                let all = schedule.occurrences(from, until, usize::MAX).unwrap();
                let of = |in_gap: bool| all.iter().filter(|one| one.in_gap == in_gap).map(|one| one.at).collect();
                let (due, left_out): (Vec<_>, Vec<_>) = (of(false), of(true));
                assert_eq!(due, found, "{}", what());
                let expected: Vec<_> = shifted.iter().copied().filter(|at| !found.contains(at)).collect();
                assert_eq!(left_out, expected, "{}", what());
            }
            checked += 1;
        }
    }
    checked
}

#[test]
fn every_zone_agrees_with_a_walk_along_its_clocks() {
    let turns = usize::try_from(flags::number("WINDLASS_TEST_TURNS", 1)).unwrap();
    let mut rng = StdRng::seed_from_u64(flags::seed());
    let (mut checked, mut looked_at, mut other_news) = (0, 0, Vec::new());
    for zone in TZ_VARIANTS {
        let Some(walls) = Walls::of(zone.name()) else { continue };
        let all = walls.turns(YEARS);
        let turns = if ODD.contains(&zone.name()) { turns * 8 } else { turns };
        // A moment at which nothing changes, for zones whose clocks never do.
        let quiet = DateTime::UNIX_EPOCH + TimeDelta::days(rng.random_range(11_000..20_000));
        let chosen: Vec<_> = if all.is_empty() { vec![quiet] } else { all.sample(&mut rng, turns).copied().collect() };
        for turn in chosen {
            looked_at += 1;
            // Two editions of the database may tell a change differently; that is not what is tested here.
            if !walls.agrees(zone, turn) {
                other_news.push(format!("{zone} {turn}"));
                continue;
            }
            checked += check(zone, &walls, turn, &mut rng);
        }
    }
    flags::note(&format!("{checked} schedules around {looked_at} changes of clocks; told differently: {other_news:?}"));
    assert!(checked > 3000, "only {checked} schedules were checked");
    assert!(other_news.len() * 50 < looked_at, "the databases of the two libraries differ: {other_news:?}");
}

#[test]
fn intervals_know_no_clocks_and_nothing_is_due_twice_or_left_out_between_two_looks() {
    let mut rng = StdRng::seed_from_u64(flags::seed());
    for _ in 0..100 {
        let zone = *TZ_VARIANTS.choose(&mut rng).unwrap();
        let Some(walls) = Walls::of(zone.name()) else { continue };
        let Some(turn) = walls.turns(YEARS).choose(&mut rng).copied() else { continue };
        let schedule = schedule(&Expression::random(&mut rng, walls.local(turn)), zone, Gap::Shift, Repeat::Both);
        let whole = schedule.between(turn - AROUND, turn + AROUND, usize::MAX).unwrap();
        // As a daemon looks: from one moment to the next, wherever these lie.
        let (mut at, mut parts) = (turn - AROUND, Vec::new());
        while at < turn + AROUND {
            let next = (at + TimeDelta::milliseconds(rng.random_range(1..20_000_000))).min(turn + AROUND);
            parts.extend(schedule.between(at, next, usize::MAX).unwrap());
            at = next;
        }
        assert_eq!(parts, whole, "{zone} around {turn}");
    }
}

//! When a job is due next, with offsets, and what changes of the clock do to it.

use chrono::{DateTime, LocalResult, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::facts::Facts;
use crate::api::pages::parts::empty::empty;
use crate::api::pages::parts::time;
use crate::api::pages::view::View;
use crate::domain::schedule::{Gap, Schedule};

/// Due times that are shown.
const SHOWN: usize = 10;

/// One of them.
struct Due {
    at: DateTime<Utc>,
    /// What the clock does to it, in words.
    marks: Vec<String>,
    /// It is left out.
    skipped: bool,
}

/// The next ones.
pub(super) fn ahead(facts: &Facts, view: &View) -> Markup {
    let zone = facts.zone();
    let due = facts.definition().schedule.as_ref().map(|schedule| due(schedule, view.now));
    html! {
        section aria-labelledby="ahead-title" {
            h2 #ahead-title { "Next due times" }
            @match due {
                None => (empty("It has no schedule.", "It runs when somebody starts it; a schedule stands in its file:", Some("schedule: {cron: \"30 6 * * mon-fri\", timezone: Asia/Seoul}"))),
                Some(due) => {
                    @if facts.job.pause.is_some() { p.quiet { "While it is paused these are recorded as skipped." } }
                    ol.due { @for due in &due { (line(due, zone, view)) } }
                }
            }
        }
    }
}

fn line(due: &Due, zone: Tz, view: &View) -> Markup {
    html! {
        li.skipped[due.skipped] {
            span.nowrap { (due.at.with_timezone(&zone).format("%a")) " " (time::in_zone(due.at, zone)) }
            span.quiet { (time::ago(view, due.at, zone)) }
            @for mark in &due.marks { span.mark { (mark) } }
        }
    }
}

/// The next due times, places that a gap leaves out included.
fn due(schedule: &Schedule, now: DateTime<Utc>) -> Vec<Due> {
    // As if gaps were left out, the places that one shifts are told apart from those that are due anyway.
    let strict = Schedule { gap: Gap::Skip, ..schedule.clone() };
    let Ok(all) = strict.occurrences(now, DateTime::<Utc>::MAX_UTC, SHOWN) else { return Vec::new() };
    let mut before = offset(schedule.zone, now);
    let mut due = Vec::new();
    for one in all {
        let mut marks = Vec::new();
        let after = offset(schedule.zone, one.at);
        if after != before {
            marks.push(format!("the clock goes from {before} to {after} before this"));
            before = after;
        }
        let skipped = one.in_gap && schedule.gap == Gap::Skip;
        if skipped {
            marks.push("skipped: its local time doesn't exist that day".to_owned());
        } else if one.in_gap {
            marks.push("shifted: its local time doesn't exist that day".to_owned());
        }
        if let LocalResult::Ambiguous(first, _) =
            schedule.zone.from_local_datetime(&one.at.with_timezone(&schedule.zone).naive_local())
        {
            let which = if first == one.at { "first" } else { "second" };
            marks.push(format!("this local time comes twice; the {which} one"));
        }
        due.push(Due { at: one.at, marks, skipped });
    }
    due
}

/// A zone's offset at a time.
fn offset(zone: Tz, at: DateTime<Utc>) -> String {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::{Missed, Repeat, When};

    fn marks(cron: &str, gap: Gap, from: &str) -> Vec<(String, Vec<String>)> {
        let schedule = Schedule {
            when: When::Cron(cron.to_owned()),
            zone: Tz::America__New_York,
            missed: Missed::Latest,
            missed_window: std::time::Duration::from_hours(1),
            gap,
            repeat: Repeat::Both,
        };
        let due = due(&schedule, from.parse().unwrap());
        due.into_iter().take(3).map(|due| (time::in_zone(due.at, schedule.zone), due.marks)).collect()
    }

    #[test]
    fn a_gap_shifts_or_skips_and_says_so() {
        let change = "the clock goes from -05:00 to -04:00 before this".to_owned();
        let shifted = marks("30 2 * * *", Gap::Shift, "2027-03-13T00:00:00Z");
        assert_eq!(shifted[1].0, "2027-03-14 03:00:00 -04:00");
        assert_eq!(shifted[1].1, [change.clone(), "shifted: its local time doesn't exist that day".to_owned()]);
        assert!(shifted[0].1.is_empty() && shifted[2].1.is_empty());
        let skipped = marks("30 2 * * *", Gap::Skip, "2027-03-13T00:00:00Z");
        assert_eq!(skipped[1].1, [change, "skipped: its local time doesn't exist that day".to_owned()]);
    }

    #[test]
    fn both_passes_of_a_repeated_time_are_told_apart() {
        let twice = marks("30 1 * * *", Gap::Shift, "2026-11-01T00:00:00Z");
        assert_eq!(twice[0].1, ["this local time comes twice; the first one"]);
        assert!(twice[1].1.contains(&"this local time comes twice; the second one".to_owned()), "{twice:?}");
    }
}

//! Times: relative first, absolute on hover and in print, in the zone that the reader chose.
//!
//! The browser keeps what these write fresh (`windlass.js`), so in a stream they leave it to the browser.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::amount;
use crate::api::pages::view::{View, Zone};

/// How long ago or ahead: `4 min ago`, `in 2 h`.
pub(in super::super) fn ago(view: &View, at: DateTime<Utc>, job: Tz) -> Markup {
    let text = if view.streamed { String::new() } else { relative(view.now - at) };
    html! { time.ago datetime=(machine(at)) title=(absolute(view, at, job)) { (text) } }
}

/// The time itself, to the minute: `2026-11-21 04:10`, with the rest on hover.
pub(in super::super) fn at(view: &View, at: DateTime<Utc>, job: Tz) -> Markup {
    point(view, at, job, 16)
}

/// The time itself, to the second.
pub(in super::super) fn exact(view: &View, at: DateTime<Utc>, job: Tz) -> Markup {
    point(view, at, job, 19)
}

/// How long something has been going on: grows in the browser.
pub(in super::super) fn since(view: &View, at: DateTime<Utc>, job: Tz) -> Markup {
    let text = if view.streamed { String::new() } else { amount::whole(between(at, view.now)) };
    html! { time.since datetime=(machine(at)) title=(absolute(view, at, job)) { (text) } }
}

/// The time between two; none if they are the wrong way round, as with clocks of two machines.
pub(in super::super) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

fn point(view: &View, at: DateTime<Utc>, job: Tz, length: usize) -> Markup {
    let text = absolute(view, at, job);
    html! { time.at.nowrap datetime=(machine(at)) title=(text) data-length=(length) { (text.chars().take(length).collect::<String>()) } }
}

/// A time with its zone: `2026-11-21 04:10:00 UTC`, `2026-11-21 13:10:00 +09:00`.
pub(in super::super) fn absolute(view: &View, at: DateTime<Utc>, job: Tz) -> String {
    match view.zone {
        Zone::Job => in_zone(at, job),
        Zone::Local | Zone::Utc => in_zone(at, Tz::UTC),
    }
}

/// A time in a zone, with its offset.
pub(in super::super) fn in_zone(at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let zone = if zone == Tz::UTC { "UTC".to_owned() } else { at.format("%:z").to_string() };
    format!("{} {zone}", at.format("%Y-%m-%d %H:%M:%S"))
}

fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How long ago, in one unit; the browser writes the same.
fn relative(passed: TimeDelta) -> String {
    let seconds = passed.num_seconds();
    let span = seconds.unsigned_abs();
    let text = match span {
        0..5 => return "now".to_owned(),
        5..60 => format!("{span} s"),
        60..7200 => format!("{} min", span / 60),
        7200..172_800 => format!("{} h", span / 3600),
        _ => format!("{} d", span / 86_400),
    };
    if seconds >= 0 { format!("{text} ago") } else { format!("in {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_time_has_one_unit() {
        let words = |seconds| relative(TimeDelta::seconds(seconds));
        assert_eq!([words(2), words(59), words(-6000), words(7200)], ["now", "59 s ago", "in 100 min", "2 h ago"]);
        assert_eq!([words(100_000), words(-260_000)], ["27 h ago", "in 3 d"]);
    }

    #[test]
    fn a_time_is_shown_with_its_zone() {
        let at = "2026-11-21T04:10:00Z".parse().unwrap();
        assert_eq!(in_zone(at, Tz::UTC), "2026-11-21 04:10:00 UTC");
        assert_eq!(in_zone(at, Tz::Asia__Seoul), "2026-11-21 13:10:00 +09:00");
    }
}

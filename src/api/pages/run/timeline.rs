//! The timeline: a row a step, a bar an attempt, waits hatched and named. Drawn on the server, as SVG whose places are
//! shares of its width, so that it fits any screen.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::scale::Scale;
use super::shown::length;
use super::spans::{Row, Span, Spans, What};
use crate::api::pages::parts::amount;
use crate::domain::run::Run;
use crate::domain::state::AttemptState;

/// Height of a row's drawing, and of a bar in it, in CSS pixels.
const HEIGHT: u32 = 22;
const BAR: u32 = 14;

/// From what length on a wait is named beside its row.
const LONG: TimeDelta = TimeDelta::seconds(1);

/// The timeline of a run as it is now.
pub(super) fn timeline(run: &Run, now: DateTime<Utc>) -> Markup {
    let spans = Spans::of(run, now);
    let scale = Scale::of(&spans);
    html! {
        div.timeline {
            (hatching())
            @for row in &spans.rows {
                @if row.step.is_some() || !row.spans.is_empty() { (line(row, &scale)) }
            }
            div.row.axis aria-hidden="true" {
                span {}
                svg width="100%" height="18" {
                    @for (place, offset) in scale.ticks() {
                        line x1=(share(place)) x2=(share(place)) y1="0" y2="4" {}
                        text x=(share(place)) y="15" text-anchor=(anchor(place)) { (tick(offset)) }
                    }
                    @for (place, pause) in scale.cuts() {
                        text x=(share(place)) y="15" text-anchor="middle" { "⋯ " (length(pause)) " ⋯" }
                    }
                }
                span {}
            }
        }
    }
}

fn line(row: &Row, scale: &Scale) -> Markup {
    let told: Vec<String> = row.spans.iter().map(told).collect();
    let drawn = !told.is_empty();
    html! {
        div.row {
            span.name.cut {
                @match &row.step {
                    Some(step) => a href={ "#step-" (step) } title=(step) { (step) },
                    None => span.quiet { "before it began" },
                }
                @for wait in long_waits(row) { span.under { (wait) } }
            }
            svg.track width="100%" height=(HEIGHT) role=[drawn.then_some("img")] aria-label=[drawn.then(|| told.join("; "))] aria-hidden=[(!drawn).then_some("true")] {
                @for (place, _) in scale.cuts() {
                    line.cut x1=(share(place)) x2=(share(place)) y1="0" y2=(HEIGHT) {}
                }
                @for (span, told) in row.spans.iter().zip(&told) { (bar(span, told, scale)) }
            }
            span.number.small { (total(row)) }
        }
    }
}

/// Waits that are long enough to be asked about, in words; who doesn't hover sees them too.
fn long_waits(row: &Row) -> Vec<String> {
    let waits = row.spans.iter().filter_map(|span| match &span.what {
        What::Wait(what) if span.to - span.from >= LONG => {
            Some(format!("waited {} for {what}", length(span.to - span.from)))
        }
        _ => None,
    });
    waits.collect()
}

fn bar(span: &Span, told: &str, scale: &Scale) -> Markup {
    let (from, to) = (scale.place(span.from), scale.place(span.to));
    let (class, y, height) = match &span.what {
        What::Attempt { state, .. } => (state_class(*state), (HEIGHT - BAR) / 2, BAR),
        What::Wait(_) => ("is-waiting wait", (HEIGHT - BAR) / 2 + 2, BAR - 4),
        What::Pause(_) => ("is-over pause", HEIGHT / 2 - 1, 2),
    };
    let hatched = matches!(span.what, What::Wait(_)).then_some("url(#hatch)");
    html! {
        rect class=(class) fill=[hatched] x=(share(from)) width=(share(to - from)) y=(y) height=(height) rx="2" { title { (told) } }
    }
}

/// A span in words.
fn told(span: &Span) -> String {
    let took = length(span.to - span.from);
    match &span.what {
        What::Attempt { number, state } => match state {
            AttemptState::Running => format!("attempt {number} is running since {took}"),
            AttemptState::TimedOut => format!("attempt {number} timed out after {took}"),
            state => format!("attempt {number} {state} after {took}"),
        },
        What::Wait(what) => format!("waited {took} for {what}"),
        What::Pause(next) => format!("{took} until attempt {next}"),
    }
}

/// How long a step took with all its attempts and the pauses between them.
fn total(row: &Row) -> String {
    match (row.spans.first(), row.spans.last()) {
        (Some(first), Some(last)) => length(last.to - first.from),
        _ => "–".to_owned(),
    }
}

/// The class that gives an attempt's state its colour.
pub(super) const fn state_class(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Running => "is-running",
        AttemptState::Succeeded => "is-succeeded",
        AttemptState::Failed | AttemptState::TimedOut => "is-failed",
        AttemptState::Cancelled => "is-over",
        AttemptState::Lost => "is-paused",
    }
}

/// How far a mark is from the beginning, without what it doesn't need.
fn tick(offset: TimeDelta) -> String {
    match offset.num_milliseconds() {
        0 => "0".to_owned(),
        whole if whole % 1000 == 0 => amount::whole(offset.to_std().unwrap_or_default()),
        _ => length(offset),
    }
}

/// A share of the width as SVG writes it.
fn share(place: f64) -> String {
    format!("{:.3}%", place * 100.0)
}

/// Words at the ends must not leave the drawing.
fn anchor(place: f64) -> &'static str {
    if place < 0.02 {
        "start"
    } else if place > 0.95 {
        "end"
    } else {
        "middle"
    }
}

/// The pattern of waits, once a page.
fn hatching() -> Markup {
    html! {
        svg.hidden width="0" height="0" aria-hidden="true" {
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="2" height="6" {}
                }
            }
        }
    }
}

//! Runs side by side: a bar each, as tall as the run was long, in the shape and colour of its state.
//!
//! A page has thousands of them, so they are drawn together, one path for all bars of a look, and what there is to know
//! of each stands in one attribute: the script says it of the bar under the pointer and leads to that run. Without the
//! script a strip leads to the page of its job, where each run has a line.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::state::Look;
use super::{amount, time};
use crate::api::pages::links;
use crate::api::pages::view::{View, Zone};
use crate::domain::ids::RunId;

/// A bar's width, and the pause between two; the script knows the latter.
const WIDTH: u32 = 5;
const STEP: u32 = 7;

/// The strip's height, and a bar's least.
const HEIGHT: u32 = 28;
const LEAST: u32 = 5;

/// A run in a strip.
#[derive(Clone, Debug)]
pub(in super::super) struct Bar {
    /// The run.
    pub(in super::super) run: RunId,
    /// Its state, by its stable word.
    pub(in super::super) state: String,
    /// How long it took; of one that goes on, so far.
    pub(in super::super) took: Option<Duration>,
    /// When it was due or made.
    pub(in super::super) at: DateTime<Utc>,
}

/// The strip of these runs of a job, oldest first. The newest stand at the right edge, whatever their number.
pub(in super::super) fn strip(job: &str, bars: &[Bar], places: usize, view: &View, zone: Tz) -> Markup {
    let places = u32::try_from(places.max(bars.len())).unwrap_or(u32::MAX);
    let width = places * STEP;
    let empty = places - u32::try_from(bars.len()).unwrap_or(places);
    let zone = (view.zone == Zone::Job).then(|| zone.name());
    html! {
        // A strip is one stop of many; who goes by keyboard finds the runs on the job's page.
        a.strip href=(links::job(job)) tabindex="-1" data-runs=(known(bars)) data-zone=[zone] {
            svg role="img" aria-label=(summary(bars)) width=(width) height=(HEIGHT) viewBox={ "0 0 " (width) " " (HEIGHT) } {
                path.floor d={ "M0 " (HEIGHT) "h" (width) } {}
                @for (look, outline) in outlines(bars, empty) { path.(look.class()) d=(outline) {} }
            }
        }
    }
}

/// The outlines of all bars of a look together, in the order of looks.
fn outlines(bars: &[Bar], empty: u32) -> BTreeMap<Look, String> {
    let longest = bars.iter().filter_map(|bar| bar.took).max().unwrap_or_default();
    let mut outlines: BTreeMap<Look, String> = BTreeMap::new();
    for (place, bar) in (empty..).zip(bars) {
        let look = Look::of(&bar.state);
        outlines.entry(look).or_default().push_str(&shape(look, place * STEP, height(bar.took, longest)));
    }
    outlines
}

/// What the script is told of each bar: run, state, milliseconds, second of its due time.
fn known(bars: &[Bar]) -> String {
    let each = bars.iter().map(|bar| {
        let took = bar.took.map_or_else(String::new, |took| took.as_millis().to_string());
        format!("{} {} {took} {};", bar.run, bar.state, bar.at.timestamp())
    });
    each.collect::<Vec<_>>().concat()
}

/// How tall a bar is among others.
fn height(took: Option<Duration>, longest: Duration) -> u32 {
    let (took, longest) = (took.unwrap_or_default().as_millis(), longest.as_millis().max(1));
    let share = took * u128::from(HEIGHT - LEAST) / longest;
    LEAST + u32::try_from(share).unwrap_or(0)
}

/// The outline of a bar: plain; with a notch, if it failed; round, while it runs; hollow, if it didn't end by itself.
fn shape(look: Look, x: u32, height: u32) -> String {
    let top = HEIGHT - height;
    let plain = format!("M{x} {HEIGHT}V{top}h{WIDTH}V{HEIGHT}z");
    match look {
        Look::Succeeded => plain,
        Look::Failed => format!("M{x} {HEIGHT}V{top}l2.5 4l2.5-4V{HEIGHT}z"),
        Look::Running => format!("M{x} {HEIGHT}V{}a2.5 2.5 0 0 1 {WIDTH} 0V{HEIGHT}z", top + 2),
        Look::Waiting => format!("M{x} {HEIGHT}v-2h{WIDTH}v2zM{x} {}v-2h{WIDTH}v2z", HEIGHT - 4),
        Look::Paused | Look::Over => {
            format!("{plain}M{} {}h3V{}h-3z", x + 1, HEIGHT - 1, top + 1)
        }
    }
}

impl Bar {
    /// The run in a line.
    pub(in super::super) fn told(&self, view: &View, zone: Tz) -> String {
        let when = time::absolute(view, self.at, zone);
        match self.took {
            Some(took) => format!("{} · {} · {when}", self.state, amount::duration(took)),
            None => format!("{} · {when}", self.state),
        }
    }
}

/// The strip in a sentence, for who can't see it.
fn summary(bars: &[Bar]) -> String {
    let mut states: Vec<(&str, usize)> = Vec::new();
    for bar in bars {
        match states.iter_mut().find(|(state, _)| *state == bar.state) {
            Some((_, number)) => *number += 1,
            None => states.push((&bar.state, 1)),
        }
    }
    let counted: Vec<String> = states.iter().map(|(state, number)| format!("{number} {state}")).collect();
    match bars.len() {
        0 => "no runs yet".to_owned(),
        1 => format!("its only run: {}", counted.join(", ")),
        several => format!("last {several} runs: {}", counted.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_as_tall_as_the_strip_and_none_is_without_height() {
        let second = Duration::from_secs(1);
        assert_eq!(height(Some(second), second), HEIGHT);
        assert_eq!([height(Some(Duration::ZERO), second), height(None, Duration::ZERO)], [LEAST, LEAST]);
    }

    fn bar(state: &str) -> Bar {
        Bar { run: RunId(uuid::Uuid::nil()), state: state.to_owned(), took: None, at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn bars_of_a_look_are_one_outline_in_their_places() {
        let drawn = outlines(&[bar("succeeded"), bar("lost"), bar("succeeded")], 1);
        assert_eq!(drawn[&Look::Succeeded], "M7 28V23h5V28zM21 28V23h5V28z");
        assert_eq!(drawn.len(), 2);
        let of_two = known(&[bar("succeeded"), Bar { took: Some(Duration::from_secs(2)), ..bar("failed") }]);
        let nobody = "00000000-0000-0000-0000-000000000000";
        assert_eq!(of_two, format!("{nobody} succeeded  0;{nobody} failed 2000 0;"));
    }

    #[test]
    fn a_strip_is_told_in_words() {
        assert_eq!(summary(&[bar("succeeded"), bar("failed"), bar("succeeded")]), "last 3 runs: 2 succeeded, 1 failed");
        assert_eq!(summary(&[]), "no runs yet");
    }
}

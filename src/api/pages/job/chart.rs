//! How long runs took: a bar each, with the usual duration as a line across, and failures marked.

use std::time::Duration;

use chrono_tz::Tz;
use maud::{Markup, html};

use super::facts::CHARTED;
use crate::api::pages::jobs::bars;
use crate::api::pages::links;
use crate::api::pages::parts::amount;
use crate::api::pages::parts::state::Look;
use crate::api::pages::view::View;
use crate::store::RunBrief;

/// A bar and its pause; the drawing is stretched to the page's width.
const STEP: usize = 10;
const WIDTH: usize = 8;

/// The drawing's height. Above the longest bar there is room for the mark of a failure.
const HEIGHT: u128 = 120;
const ROOM: u128 = 10;

/// Fewest places: three runs should not be three walls.
const PLACES: usize = 40;

/// The chart of these runs, oldest first.
pub(super) fn chart(runs: &[RunBrief], usual: Option<Duration>, view: &View, zone: Tz) -> Markup {
    let bars = bars(runs, view);
    let longest = bars.iter().filter_map(|bar| bar.took).max().unwrap_or_default();
    let tall = |took: Duration| took.as_millis() * (HEIGHT - ROOM) / longest.as_millis().max(1);
    let places = bars.len().clamp(PLACES, CHARTED as usize);
    let width = places * STEP;
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="group" aria-label={ "Durations of the last " (bars.len()) " runs" } {
                @for (place, bar) in (places - bars.len()..).zip(&bars) {
                    @let (look, height, x) = (Look::of(&bar.state), tall(bar.took.unwrap_or_default()).max(2), place * STEP);
                    a href=(links::run(bar.run)) tabindex="-1" class=(look.class()) {
                        title { (bar.told(view, zone)) }
                        // The whole column answers to the pointer, however short the bar.
                        rect.ground x=(x) y="0" width=(STEP) height=(HEIGHT) {}
                        rect x=(x + 1) y=(HEIGHT - height) width=(WIDTH) height=(height) {}
                        @if look == Look::Failed { path.mark d={ "M" (x + 2) " " (HEIGHT - height - 8) "l6 6m0-6l-6 6" } {} }
                    }
                }
                @if let Some(usual) = usual {
                    @let y = HEIGHT - tall(usual).min(HEIGHT - ROOM);
                    line.usual x1="0" x2=(width) y1=(y) y2=(y) {}
                }
            }
            figcaption {
                span { "longest " (amount::duration(longest)) }
                @if let Some(usual) = usual { span { span.dashes {} " usual " (amount::duration(usual)) " (median of the last 20 that succeeded)" } }
                span { "newest on the right" }
            }
        }
    }
}

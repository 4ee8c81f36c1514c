//! How fast an attempt went over time, as a small curve.

use std::time::Duration;

use maud::{Markup, html};

use crate::api::pages::parts::amount;
use crate::domain::progress::{Sample, per_second};

/// The drawing's size; it is stretched to the page's width.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 60.0;

/// Fewest rates that make a curve.
const LEAST: usize = 3;

/// How fast it went between two moments, in whatever is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: f64,
    to: f64,
    count: u64,
}

impl Stretch {
    fn span(self) -> Duration {
        Duration::try_from_secs_f64(self.to - self.from).unwrap_or_default()
    }

    fn rate(self) -> u64 {
        per_second(self.count, self.span())
    }
}

/// The curve; nothing where too little is known. `over`: the attempt has ended, and what it did without counting at its end
/// was no copying.
pub(super) fn curve(samples: &[Sample], over: bool) -> Markup {
    let counted = |of: fn(&Sample) -> Option<u64>| {
        let mut stretches = stretches(samples, of);
        while over && stretches.last().is_some_and(|last| last.count == 0) {
            stretches.pop();
        }
        stretches
    };
    let (bytes, rows) = (counted(|sample| sample.bytes), counted(|sample| sample.rows));
    let drawn = if bytes.is_empty() { &rows } else { &bytes };
    if drawn.len() < LEAST {
        return html! {};
    }
    let mut words = Vec::new();
    if !bytes.is_empty() {
        words.push(told(&bytes, |rate| format!("{}/s", amount::bytes(rate))));
    }
    if !rows.is_empty() {
        words.push(told(&rows, |rate| format!("{} rows/s", amount::count(rate))));
    }
    let (from, to) = (drawn[0].from, drawn[drawn.len() - 1].to);
    words.push(format!("over {}", amount::whole(Duration::try_from_secs_f64(to - from).unwrap_or_default())));
    let words = words.join(" · ");
    let line = line(drawn);
    html! {
        figure.rate {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label={ "How fast it went: " (words) } {
                path.ground d={ "M0 " (HEIGHT) "L" (line) "L" (WIDTH) " " (HEIGHT) "z" } {}
                path.line d={ "M" (line) } {}
            }
            figcaption.small.quiet { (words) }
        }
    }
}

/// What was counted between each two samples. A count that falls belongs to another phase, and says nothing.
fn stretches(samples: &[Sample], of: fn(&Sample) -> Option<u64>) -> Vec<Stretch> {
    let pairs = samples.windows(2).filter_map(|pair| {
        let count = of(&pair[1])?.checked_sub(of(&pair[0])?)?;
        (pair[1].at_s > pair[0].at_s).then_some(Stretch { from: pair[0].at_s, to: pair[1].at_s, count })
    });
    pairs.collect()
}

/// The most and the mean of a rate.
fn told(stretches: &[Stretch], show: impl Fn(u64) -> String) -> String {
    let most = stretches.iter().map(|one| one.rate()).max().unwrap_or_default();
    let counted = stretches.iter().map(|one| one.count).sum();
    let mean = per_second(counted, stretches.iter().map(|one| one.span()).sum());
    format!("{} on average, {} at most", show(mean), show(most))
}

/// The line through the middles of all stretches, from edge to edge.
#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
fn line(stretches: &[Stretch]) -> String {
    let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return String::new() };
    let most = stretches.iter().map(|one| one.rate()).max().unwrap_or_default().max(1) as f64;
    let across = |at: f64| (at - first.from) / (last.to - first.from) * WIDTH;
    let up = |rate: u64| HEIGHT - (rate as f64 / most) * (HEIGHT - 4.0);
    let middles = stretches.iter().map(|one| (across(f64::midpoint(one.from, one.to)), up(one.rate())));
    let ends = [(0.0, up(first.rate())), (WIDTH, up(last.rate()))];
    let points = ends[..1].iter().copied().chain(middles).chain(ends[1..].iter().copied());
    points.map(|(x, y)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>().join("L")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(counts: &[u64]) -> Vec<Sample> {
        let sample = |(at, bytes): (u32, &u64)| Sample { at_s: f64::from(at) * 2.0, rows: None, bytes: Some(*bytes) };
        (0..).zip(counts).map(sample).collect()
    }

    #[test]
    fn a_curve_goes_through_rates_and_leaves_out_where_a_phase_begins_anew() {
        let stretches = stretches(&samples(&[0, 200, 400, 10, 810]), |sample| sample.bytes);
        let rates: Vec<u64> = stretches.iter().map(|one| one.rate()).collect();
        assert_eq!(rates, [100, 100, 400]);
        assert_eq!(line(&stretches), "0.0 46.0L75.0 46.0L225.0 46.0L525.0 4.0L600.0 4.0");
    }

    #[test]
    fn what_is_told_of_it_is_in_words_too_and_a_moment_is_no_curve() {
        let shown = curve(&samples(&[0, 4096, 8192, 8192]), false).into_string();
        assert!(shown.contains("1.3\u{202f}KiB/s on average, 2.0\u{202f}KiB/s at most · over 6 s"), "{shown}");
        assert_eq!(curve(&samples(&[0, 4096, 8192, 8192]), true).into_string(), "", "it ended before that");
        assert_eq!(curve(&samples(&[0, 100, 200]), false).into_string(), "");
    }
}

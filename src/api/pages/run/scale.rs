//! From moments to places on a line, as a share of its length.
//!
//! A run that failed at night and was tried again in the morning would be two dots far apart. So a pause in which nothing
//! went on, and that is much longer than all that did, is cut short.

use chrono::{DateTime, TimeDelta, Utc};

use super::spans::{Spans, What};

/// How often a pause may exceed the time in which something went on before it is cut.
const MUCH_LONGER: i32 = 3;

/// The share of the line that a cut pause keeps.
const CUT: f64 = 0.04;

/// A line's scale.
#[derive(Debug)]
pub(super) struct Scale {
    /// Where each piece begins and ends, and the place of its beginning and its end.
    pieces: Vec<Piece>,
}

/// A part of the line that is drawn to one scale.
#[derive(Debug)]
struct Piece {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    start: f64,
    end: f64,
    cut: bool,
}

impl Scale {
    /// The scale for a run's spans.
    pub(super) fn of(spans: &Spans) -> Self {
        let pauses = pauses(spans);
        let whole = (spans.to - spans.from).max(TimeDelta::milliseconds(1));
        let idle: TimeDelta = pauses.iter().map(|(from, to)| *to - *from).sum();
        let busy = whole - idle;
        let cuts: Vec<_> = pauses.into_iter().filter(|(from, to)| *to - *from > busy * MUCH_LONGER).collect();
        let cut: TimeDelta = cuts.iter().map(|(from, to)| *to - *from).sum();
        let drawn = seconds((whole - cut).max(TimeDelta::milliseconds(1)));
        #[expect(clippy::cast_precision_loss, reason = "a handful of cuts")]
        let per_second = (1.0 - CUT * cuts.len() as f64).max(0.1) / drawn;

        let mut pieces = Vec::new();
        let (mut at, mut place) = (spans.from, 0.0);
        let mut push = |to: DateTime<Utc>, cut: bool| {
            let length = if cut { CUT } else { seconds(to - at) * per_second };
            pieces.push(Piece { from: at, to, start: place, end: place + length, cut });
            (at, place) = (to, place + length);
        };
        for (from, to) in cuts {
            push(from, false);
            push(to, true);
        }
        push(spans.from + whole, false);
        Self { pieces }
    }

    /// The place of a moment, from 0 to 1.
    pub(super) fn place(&self, moment: DateTime<Utc>) -> f64 {
        let piece = self.pieces.iter().find(|piece| moment <= piece.to).or_else(|| self.pieces.last());
        let Some(piece) = piece else { return 0.0 };
        let length = seconds(piece.to - piece.from);
        let share = if length > 0.0 { seconds(moment - piece.from) / length } else { 0.0 };
        (piece.start + share.clamp(0.0, 1.0) * (piece.end - piece.start)).clamp(0.0, 1.0)
    }

    /// The pauses that are cut: the place of each one's middle, and how long it was.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (f64, TimeDelta)> + '_ {
        self.pieces
            .iter()
            .filter(|piece| piece.cut)
            .map(|piece| (f64::midpoint(piece.start, piece.end), piece.to - piece.from))
    }

    /// Moments for marks on the line: whole steps of a readable length from the beginning. None where a pause is cut.
    pub(super) fn ticks(&self) -> Vec<(f64, TimeDelta)> {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else { return Vec::new() };
        if self.pieces.len() > 1 {
            return vec![(0.0, TimeDelta::zero())];
        }
        let whole = last.to - first.from;
        let step = STEPS.iter().map(|step| TimeDelta::milliseconds(*step)).find(|step| *step * 6 >= whole);
        let step = step.unwrap_or(whole / 5);
        (0..7)
            .map(|number| step * number)
            .take_while(|tick| *tick <= whole)
            .map(|tick| (self.place(first.from + tick), tick))
            .collect()
    }
}

/// Lengths between marks that people can count with, in milliseconds.
const STEPS: &[i64] = &[
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
];

/// The times in which nothing went on and nothing known was waited for.
fn pauses(spans: &Spans) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut busy: Vec<_> = spans
        .rows
        .iter()
        .flat_map(|row| &row.spans)
        // What lies between two attempts may be a night in which nobody tried again.
        .filter(|span| !matches!(span.what, What::Pause(_)))
        .map(|span| (span.from, span.to))
        .collect();
    busy.sort();
    let mut pauses = Vec::new();
    let mut reached = spans.from;
    for (from, to) in busy {
        if from > reached {
            pauses.push((reached, from));
        }
        reached = reached.max(to);
    }
    pauses
}

fn seconds(delta: TimeDelta) -> f64 {
    delta.as_seconds_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pages::run::spans::{Row, Span};
    use crate::domain::state::AttemptState;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn spans(attempts: &[(i64, i64)]) -> Spans {
        let what = What::Attempt { number: 1, state: AttemptState::Succeeded };
        let span = |&(from, to): &(i64, i64)| Span { from: at(from), to: at(to), what: what.clone() };
        let row = Row { step: None, spans: attempts.iter().map(span).collect() };
        Spans { rows: vec![row], from: at(0), to: at(attempts.last().unwrap().1) }
    }

    #[test]
    fn places_are_shares_of_the_whole() {
        let scale = Scale::of(&spans(&[(0, 40), (50, 100)]));
        for (moment, place) in [(0, 0.0), (40, 0.4), (50, 0.5), (100, 1.0), (200, 1.0)] {
            assert!((scale.place(at(moment)) - place).abs() < 1e-9, "{moment}");
        }
        assert_eq!(scale.cuts().count(), 0);
        let ticks: Vec<i64> = scale.ticks().iter().map(|(_, tick)| tick.num_seconds()).collect();
        assert_eq!(ticks, [0, 30, 60, 90]);
    }

    #[test]
    fn a_night_in_between_is_cut() {
        let scale = Scale::of(&spans(&[(0, 10), (10_000, 10_010)]));
        assert!((scale.place(at(10)) - 0.48).abs() < 1e-9);
        assert!((scale.place(at(10_000)) - 0.52).abs() < 1e-9);
        let cuts: Vec<i64> = scale.cuts().map(|(_, length)| length.num_seconds()).collect();
        assert_eq!(cuts, [9_990]);
    }

    #[test]
    fn a_run_of_no_length_has_a_scale() {
        let scale = Scale::of(&spans(&[(0, 0)]));
        assert!(scale.place(at(0)).abs() < 1e-9);
        assert!(!scale.ticks().is_empty());
    }
}

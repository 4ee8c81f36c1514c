//! Bars on a terminal: one for each running step, below the lines of what has happened.

use std::collections::HashMap;
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::meter::{Meter, share, tables};
use crate::domain::ids::RunId;
use crate::domain::progress::Progress;

/// Where the size is known.
const SIZED: &str = "  {prefix}  [{bar:20}] {percent:>3} %  {wide_msg}";

/// Where it isn't.
const TEXT: &str = "  {prefix}  {wide_msg}";

/// Bars of running steps.
pub(super) struct Bars {
    all: MultiProgress,
    steps: HashMap<(RunId, String), (ProgressBar, Meter)>,
}

impl Bars {
    /// No bars yet.
    pub(super) fn new() -> Self {
        Self { all: MultiProgress::with_draw_target(ProgressDrawTarget::stdout()), steps: HashMap::new() }
    }

    /// Writes a line above the bars. A terminal that is gone misses it; the run goes on.
    pub(super) fn line(&self, text: &str) {
        drop(self.all.println(text));
    }

    /// Shows how far a step is.
    pub(super) fn progress(&mut self, run: RunId, name: &str, step: &str, progress: &Progress, now: Instant) {
        let (bar, meter) = self.steps.entry((run, step.to_owned())).or_insert_with(|| {
            // Dressed before it is shown: a bare bar would flash up for an instant.
            let bar = ProgressBar::no_length().with_style(style(false)).with_prefix(format!("{name} {step}"));
            (self.all.add(bar), Meter::new(now))
        });
        let share = share(progress);
        if meter.update(progress, now) {
            bar.set_style(style(share.is_some()));
        }
        if let Some((done, expected)) = share {
            // An estimate may be short of what comes.
            bar.set_length(expected.max(done));
            bar.set_position(done);
        }
        // Numbers first: a narrow terminal cuts off the end.
        let numbers = meter.numbers(progress, share.is_some(), now);
        let gap = if numbers.is_empty() { "" } else { "  " };
        let tables = tables(progress);
        let colon = if tables.is_empty() { "" } else { ": " };
        bar.set_message(format!("{numbers}{gap}{}{colon}{tables}", progress.phase));
        bar.tick();
    }

    /// Takes down the bar of a step that has ended.
    pub(super) fn done(&mut self, run: RunId, step: &str) {
        if let Some((bar, _)) = self.steps.remove(&(run, step.to_owned())) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Takes down all bars.
    pub(super) fn clear(&mut self) {
        for (_, (bar, _)) in self.steps.drain() {
            bar.finish_and_clear();
        }
    }
}

fn style(sized: bool) -> ProgressStyle {
    let template = if sized { SIZED } else { TEXT };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

//! Plain lines, for logs and pipes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::meter::{Meter, tables};
use crate::cli::output;
use crate::domain::ids::RunId;
use crate::domain::progress::Progress;

/// A step says how far it is at most this often.
const EVERY: Duration = Duration::from_secs(3);

/// Plain lines.
pub(super) struct Lines {
    /// Standard output is for JSON.
    to_stderr: bool,
    /// Running steps, with when they last said something.
    steps: HashMap<(RunId, String), (Meter, Option<Instant>)>,
}

impl Lines {
    /// Lines to standard output or error.
    pub(super) fn new(to_stderr: bool) -> Self {
        Self { to_stderr, steps: HashMap::new() }
    }

    /// Writes a line. A reader that is gone misses it; the run goes on.
    pub(super) fn line(&self, text: &str) {
        if self.to_stderr {
            output::note(text);
        } else {
            drop(output::line(text));
        }
    }

    /// What to say about a step's progress, if it is time to say something.
    pub(super) fn progress(&mut self, run: RunId, step: &str, progress: &Progress, now: Instant) -> Option<String> {
        let (meter, said) = self.steps.entry((run, step.to_owned())).or_insert_with(|| (Meter::new(now), None));
        let changed = meter.update(progress, now);
        if said.is_some_and(|said| now.duration_since(said) < EVERY) {
            return None;
        }
        let numbers = meter.numbers(progress, false, now);
        if numbers.is_empty() && !changed {
            return None;
        }
        *said = Some(now);
        let separator = if numbers.is_empty() { "" } else { ": " };
        let tables = tables(progress);
        let bracketed = if tables.is_empty() { tables } else { format!(" ({tables})") };
        Some(format!("{step}: {}{separator}{numbers}{bracketed}", progress.phase))
    }

    /// Forgets a step that has ended.
    pub(super) fn done(&mut self, run: RunId, step: &str) {
        self.steps.remove(&(run, step.to_owned()));
    }
}

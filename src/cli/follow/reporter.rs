//! What is told about a run while it goes, whichever way it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::bars::Bars;
use super::lines::Lines;
use crate::cli::{format, output};
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::progress::Progress;
use crate::domain::state::AttemptState;
use crate::engine::Event;
use crate::steps::Level;

/// How it is shown.
enum Shown {
    /// On a terminal.
    Bars(Bars),
    /// Anywhere else.
    Lines(Lines),
}

/// Tells people what is going on.
pub(crate) struct Reporter {
    shown: Shown,
    /// How each run is called.
    names: BTreeMap<RunId, String>,
    /// Runs that have started: one that had to wait for a step's lock is claimed again.
    started: BTreeSet<RunId>,
    began: Instant,
}

impl Reporter {
    /// On a terminal bars, else lines on standard output; with JSON asked for, lines on standard error.
    pub(crate) fn new(json: bool) -> Self {
        let people = !json && output::is_terminal();
        let shown = if people { Shown::Bars(Bars::new()) } else { Shown::Lines(Lines::new(json)) };
        Self { shown, names: BTreeMap::new(), started: BTreeSet::new(), began: Instant::now() }
    }

    /// Says how a run is called from now on.
    pub(crate) fn name(&mut self, run: RunId, name: impl Into<String>) {
        self.names.insert(run, name.into());
    }

    /// Whether the run has a name, and so is one that is watched.
    pub(super) fn knows(&self, run: RunId) -> bool {
        self.names.contains_key(&run)
    }

    /// Says something about a run.
    pub(crate) fn say(&mut self, run: RunId, text: &str) {
        let name = self.names.get(&run).cloned().unwrap_or_else(|| run.to_string());
        let line = format!("{:>7.1}s  {name}  {text}", self.began.elapsed().as_secs_f64());
        match &mut self.shown {
            Shown::Bars(bars) => bars.line(&line),
            Shown::Lines(lines) => lines.line(&line),
        }
    }

    /// Tells an event.
    pub(crate) fn event(&mut self, event: &Event) {
        let run = event.run();
        match event {
            Event::RunStarted { job, .. } => {
                self.names.entry(run).or_insert_with(|| job.clone());
                let first = self.started.insert(run);
                self.say(run, if first { "started" } else { "goes on" });
            }
            Event::StepWaiting { step, reason, .. } => self.say(run, &format!("{step}: waiting for {reason}")),
            Event::AttemptStarted { step, kind, number, .. } => {
                let again = if *number > 1 { format!(", attempt {number}") } else { String::new() };
                self.say(run, &format!("{step}: {kind} started{again}"));
            }
            Event::Progress { step, progress, .. } => self.progress(run, step, progress),
            Event::Log { step, level, message, .. } => {
                if *level == Level::Warn {
                    self.say(run, &format!("{step}: warning: {message}"));
                }
            }
            Event::AttemptEnded { step, number, state, outcome, failure, took, .. } => {
                self.done(run, step);
                let mut said = vec![format!("{step}: {} in {}", word(*state), format::duration(*took))];
                if let Some(outcome) = outcome {
                    said.extend(outcome.rows.map(|rows| format!("{} rows", format::count(rows))));
                    said.extend(outcome.bytes.map(format::bytes));
                    said.extend(outcome.workers.as_ref().map(|workers| {
                        format!(
                            "workers {} of {} planned, target {}",
                            workers.achieved, workers.planned, workers.target
                        )
                    }));
                }
                self.say(run, &said.join(", "));
                if let Some(failure) = failure {
                    self.say(run, &format!("{step}: attempt {number}: {}", told(failure)));
                }
            }
            Event::Retrying { step, pause, .. } => {
                self.say(run, &format!("{step}: trying again in {}", format::duration(*pause)));
            }
            Event::RunEnded { state, .. } => self.say(run, state.label()),
        }
    }

    /// Takes down what is shown of running steps.
    pub(crate) fn finish(&mut self) {
        if let Shown::Bars(bars) = &mut self.shown {
            bars.clear();
        }
    }

    fn progress(&mut self, run: RunId, step: &str, progress: &Progress) {
        let name = self.names.get(&run).cloned().unwrap_or_else(|| run.to_string());
        let now = Instant::now();
        match &mut self.shown {
            Shown::Bars(bars) => bars.progress(run, &name, step, progress, now),
            Shown::Lines(lines) => {
                if let Some(text) = lines.progress(run, step, progress, now) {
                    self.say(run, &text);
                }
            }
        }
    }

    fn done(&mut self, run: RunId, step: &str) {
        match &mut self.shown {
            Shown::Bars(bars) => bars.done(run, step),
            Shown::Lines(lines) => lines.done(run, step),
        }
    }
}

const fn word(state: AttemptState) -> &'static str {
    match state {
        AttemptState::TimedOut => "timed out",
        other => other.label(),
    }
}

fn told(failure: &Failure) -> String {
    let sqlstate = failure.sqlstate.as_ref().map(|state| format!(" (SQLSTATE {state})")).unwrap_or_default();
    format!("{} {}{sqlstate}", failure.code, failure.message)
}

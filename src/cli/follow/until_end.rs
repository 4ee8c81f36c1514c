//! Waiting for the end of runs, and of those that they trigger.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::reporter::Reporter;
use crate::cli::error::CliError;
use crate::cli::signals::Signals;
use crate::domain::ids::RunId;
use crate::domain::run::Run;
use crate::engine::Event;
use crate::store::{Actor, RunFilter, Store};

/// How often the state database is looked at: covers events that were missed, and says what a run waits for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs that were watched to their end.
pub(crate) struct Watched {
    /// Every run in the order they came up: first those that were asked for, then those that they triggered.
    pub runs: Vec<Run>,
    /// Somebody asked for the end.
    pub interrupted: bool,
    /// Somebody asked twice: the runs may not have ended.
    pub hurried: bool,
}

struct Watching<'w> {
    store: &'w Store,
    actor: &'w Actor,
    reporter: &'w mut Reporter,
    order: Vec<RunId>,
    runs: BTreeMap<RunId, Run>,
}

/// Tells what happens to the runs until they and those that they triggered have ended. The first signal cancels them on
/// their servers, for whoever watches, and waits for the clean-up, a second one gives up waiting.
pub(crate) async fn until_end(
    store: &Store,
    actor: &Actor,
    runs: &[RunId],
    mut events: Receiver<Event>,
    reporter: &mut Reporter,
    signals: &mut Signals,
) -> Result<Watched, CliError> {
    let mut watching = Watching { store, actor, reporter, order: runs.to_vec(), runs: BTreeMap::new() };
    let (mut interrupted, mut hurried) = (false, false);
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let ended = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => watching.event(&event).await?,
                Err(RecvError::Lagged(_)) => false,
                Err(RecvError::Closed) => {
                    look.tick().await;
                    watching.look().await?
                }
            },
            _ = look.tick() => watching.look().await?,
            () = signals.stop() => {
                hurried = interrupted;
                interrupted = true;
                if !hurried {
                    watching.cancel().await;
                }
                hurried
            }
        };
        if ended {
            break;
        }
    }
    // Whatever is still to be told about runs that have ended.
    while let Ok(event) = events.try_recv() {
        watching.tell(&event);
    }
    watching.reporter.finish();
    let mut runs = watching.runs;
    let runs = watching.order.iter().filter_map(|id| runs.remove(id)).collect();
    Ok(Watched { runs, interrupted, hurried })
}

impl Watching<'_> {
    /// Tells an event; says whether all runs have ended.
    async fn event(&mut self, event: &Event) -> Result<bool, CliError> {
        self.tell(event);
        match event {
            Event::RunEnded { .. } => self.look().await,
            _ => Ok(false),
        }
    }

    fn tell(&mut self, event: &Event) {
        // Another run of this daemon: one that was triggered by a run of ours, not yet read from the database.
        if let Event::RunStarted { run, job } = event
            && !self.reporter.knows(*run)
        {
            self.reporter.name(*run, job.clone());
        }
        self.reporter.event(event);
    }

    /// Reads how the runs are; says whether all have ended.
    async fn look(&mut self) -> Result<bool, CliError> {
        let mut from = 0;
        // Reading a run may bring up runs that it triggered.
        while from < self.order.len() {
            let open: Vec<RunId> = self.order[from..].iter().copied().filter(|id| !self.is_final(*id)).collect();
            from = self.order.len();
            if open.is_empty() {
                continue;
            }
            let limit = u32::try_from(open.len()).unwrap_or(u32::MAX);
            let found = match self.store.runs(&RunFilter { ids: open, limit, ..RunFilter::default() }).await {
                Ok(found) => found,
                // The engine waits for the database too.
                Err(error) if error.is_unavailable() => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            for run in found {
                self.take(run);
            }
        }
        Ok(self.order.iter().all(|id| self.is_final(*id)))
    }

    fn is_final(&self, id: RunId) -> bool {
        self.runs.get(&id).is_some_and(|run| run.state.is_final())
    }

    fn take(&mut self, run: Run) {
        // Said once: behind whom it waits changes with every run that goes ahead.
        let waited = self.runs.get(&run.id).is_some_and(|run| run.waiting_for.is_some());
        if let Some(reason) = run.waiting_for.as_ref().filter(|_| !waited) {
            self.reporter.say(run.id, &format!("waiting for {reason}"));
        }
        let outcomes = run.steps.iter().flat_map(|step| &step.attempts).filter_map(|attempt| attempt.outcome.as_ref());
        let triggered = outcomes.filter_map(|outcome| outcome.run.as_ref()?.parse::<RunId>().ok());
        for child in triggered.filter(|child| !self.order.contains(child)).collect::<Vec<_>>() {
            self.order.push(child);
        }
        self.runs.insert(run.id, run);
    }

    /// Asks for the end of every run that hasn't ended.
    async fn cancel(&mut self) {
        for id in self.order.clone() {
            if self.is_final(id) {
                continue;
            }
            match self.store.cancel(self.actor, id).await {
                Ok(_) => self.reporter.say(id, "interrupted: cancelling, cleaning up (once more: don't wait)"),
                Err(error) => self.reporter.say(id, &format!("interrupted, but it can't be cancelled: {error}")),
            }
        }
    }
}

//! Owns the runs of this daemon: claims them while there is room, passes on why they should stop, sees them end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use tracing::Instrument;

use super::attempt::Stop;
use super::run_task::RunTask;
use super::shared::Shared;
use crate::domain::ids::RunId;
use crate::store::{Claimed, Line};
use crate::telemetry::logging::run_span;

/// How often somebody who waits for a change looks without being told: covers a hint that got lost.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often runs that wait at the head of a queue are called without anybody having left it, and runs are looked for whose
/// claim was never answered. A net only.
const NET_EVERY: Duration = Duration::from_secs(15);

/// What the dispatcher is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// Runs may be waiting to be claimed.
    Look,
    /// Somebody asked for a run's end.
    Cancel(RunId),
    /// Claim nothing more.
    StopClaiming,
    /// Ask every run to stop for this reason.
    StopAll(Stop),
    /// Show that this command was heard.
    Beat,
}

/// Tells the dispatcher something. One that is gone has nothing left to be told.
pub(super) async fn tell(commands: &mpsc::Sender<Command>, command: Command) {
    if commands.send(command).await.is_err() {
        tracing::debug!(?command, "the dispatcher is gone");
    }
}

/// The owner of this daemon's runs.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    runs: JoinSet<()>,
    /// By task: a run that was retried the moment it ended may be here twice for an instant.
    stops: HashMap<tokio::task::Id, (RunId, watch::Sender<Option<Stop>>)>,
    claiming: bool,
    /// The head of the line, as it was read a moment ago.
    line: Line,
    /// How many runs there are, for whoever waits for the last one.
    count: watch::Sender<usize>,
    /// When a beat was heard last, for whoever watches over the engine.
    beats: watch::Sender<Instant>,
}

impl Dispatcher {
    /// A dispatcher that hears these commands and tells how many runs it has, and when it heard a beat.
    pub(super) fn new(
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        count: watch::Sender<usize>,
        beats: watch::Sender<Instant>,
    ) -> Self {
        Self {
            shared,
            commands,
            runs: JoinSet::new(),
            stops: HashMap::new(),
            claiming: true,
            line: Line::default(),
            count,
            beats,
        }
    }

    /// Works until everybody who could send a command is gone.
    pub(super) async fn run(mut self) {
        let mut look = true;
        let mut net = tokio::time::interval(NET_EVERY);
        net.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let again = look && self.claiming && self.fill().await;
            look = tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => self.obey_all(command),
                    None => break,
                },
                Some(ended) = self.runs.join_next_with_id(), if !self.runs.is_empty() => {
                    self.forget(ended);
                    // Those that ended at the same time make room for one claim, not for several.
                    while let Some(ended) = self.runs.try_join_next_with_id() {
                        self.forget(ended);
                    }
                    true
                }
                () = std::future::ready(()), if again => true,
                _ = net.tick(), if self.claiming => {
                    self.cast_net().await;
                    true
                }
                () = self.shared.room.more() => true,
                () = tokio::time::sleep(LOOK_EVERY) => true,
            } || again;
        }
        // Dropped runs stop at their next await; whoever takes over sweeps what they left on servers.
        self.runs.shutdown().await;
    }

    /// Looks for runs that nobody would look at again. No claim is on its way meanwhile, so whatever is this daemon's is
    /// known to it, or was claimed without an answer.
    async fn cast_net(&self) {
        let store = &self.shared.store;
        let known: Vec<RunId> = self.stops.values().map(|(run, _)| *run).collect();
        match store.give_back_strays(self.shared.me.id, &known).await {
            Ok(strays) => {
                for run in strays {
                    tracing::warn!(run.id = %run, "the answer to the run's claim was lost; it goes back to the queue");
                }
            }
            Err(error) => tracing::debug!(%error, "runs without an answer to their claim could not be looked for"),
        }
        if let Err(error) = store.call_waiting().await {
            tracing::debug!(%error, "runs that wait could not be called");
        }
    }

    /// Obeys a command and all that wait behind it. Many hints to look are one look, and the word to stop isn't kept
    /// waiting by the claims that each of them would have cost.
    fn obey_all(&mut self, first: Command) -> bool {
        let mut look = self.obey(first);
        while let Ok(next) = self.commands.try_recv() {
            look |= self.obey(next);
        }
        look
    }

    fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Look => true,
            Command::Cancel(run) => {
                for (_, stop) in self.stops.values().filter(|(of, _)| *of == run) {
                    stop.send_if_modified(|reason| reason.is_none() && reason.replace(Stop::Cancel).is_none());
                }
                false
            }
            Command::StopClaiming => {
                self.claiming = false;
                false
            }
            Command::StopAll(reason) => {
                for (_, stop) in self.stops.values() {
                    stop.send_replace(Some(reason));
                }
                false
            }
            Command::Beat => {
                self.beats.send_replace(Instant::now());
                false
            }
        }
    }

    /// Claims runs from the head of the line while there is room. Says whether it is worth looking again: commands are
    /// heard in between.
    async fn fill(&mut self) -> bool {
        let room = (self.shared.settings.max_runs + self.shared.room.left()).saturating_sub(self.stops.len());
        if room == 0 {
            return false;
        }
        let shared = &self.shared;
        let settings = &shared.settings;
        match shared.store.claim(shared.me.id, settings.scope, &settings.capacities, room, &mut self.line).await {
            Ok(claims) => {
                claims.runs.into_iter().for_each(|claimed| self.begin(claimed));
                !claims.line_is_empty
            }
            Err(error) => {
                tracing::warn!(error = %error, "no run could be claimed; trying again soon");
                self.line = Line::default();
                false
            }
        }
    }

    fn begin(&mut self, claimed: Claimed) {
        let (stop, stopped) = watch::channel(None);
        let run = claimed.id;
        let span = run_span(&claimed.job.definition.job.name, run);
        let task = RunTask::new(Arc::clone(&self.shared), claimed, stopped);
        let handle = self.runs.spawn(task.run().instrument(span));
        self.stops.insert(handle.id(), (run, stop));
        self.count.send_replace(self.stops.len());
    }

    fn forget(&mut self, ended: Result<(tokio::task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            // A defect. The run's state stays as recorded until the lease ends with this daemon.
            Err(error) => {
                tracing::error!(%error, "a run's task panicked");
                error.id()
            }
        };
        self.stops.remove(&id);
        self.count.send_replace(self.stops.len());
    }
}

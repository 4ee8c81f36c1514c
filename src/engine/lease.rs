//! The daemon's lease: renewed every few seconds, and with it a look at who else is gone and which runs are to end.
//!
//! A renewal that fails is tried again; running steps go on meanwhile and wait at their gate. Only a renewal that is
//! answered with "you were given up" stops them: then the runs belong to somebody else.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::attempt::Stop;
use super::dispatcher::{Command, tell};
use super::identity::is_gone;
use super::patience::Patience;
use super::shared::Shared;
use crate::domain::ids::DaemonId;
use crate::domain::readiness::Readiness;
use crate::store::Heartbeat;

/// How often the lease is renewed.
pub(super) const RENEW_EVERY: Duration = Duration::from_secs(3);

/// How long a lease lasts: three renewals may fail before others take over (engine.md).
pub(super) const LEASE: Duration = Duration::from_secs(12);

/// The keeper of the lease.
pub(super) struct LeaseKeeper {
    pub(super) shared: Arc<Shared>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) ready: watch::Sender<Readiness>,
    /// Lock classes that were held or waited for when last looked; one that isn't any more counts as zero, not as unknown.
    pub(super) held: BTreeSet<String>,
    /// Whether others' leases can be judged.
    pub(super) patience: Patience,
}

impl LeaseKeeper {
    /// Renews until the daemon was given up. Returns then.
    pub(super) async fn run(mut self) {
        let mut every = tokio::time::interval(RENEW_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            tell(&self.commands, Command::Beat).await;
            match self.shared.store.heartbeat(&self.shared.me, LEASE).await {
                Ok(heartbeat) => {
                    self.shared.clock.correct(heartbeat.now);
                    let judges = self.patience.answered(Instant::now());
                    if !heartbeat.renewed {
                        tracing::error!("this daemon was given up by the others; stopping what it runs");
                        self.say(true, false, "the lease was lost; other daemons have taken over");
                        tell(&self.commands, Command::StopClaiming).await;
                        tell(&self.commands, Command::StopAll(Stop::Lost)).await;
                        return;
                    }
                    self.say(true, true, "");
                    self.act_on(heartbeat, judges).await;
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the lease could not be renewed");
                    self.say(!error.is_unavailable(), false, &error.to_string());
                }
            }
        }
    }

    /// `judges`: whether leases that have lapsed mean that their daemons are gone.
    async fn act_on(&mut self, heartbeat: Heartbeat, judges: bool) {
        self.count(&heartbeat);
        for run in heartbeat.cancelled {
            tell(&self.commands, Command::Cancel(run)).await;
        }
        let gone: HashSet<DaemonId> = heartbeat
            .neighbours
            .iter()
            .filter(|(_, pid, started)| is_gone(*pid, *started))
            .map(|(id, _, _)| *id)
            .collect();
        let lapsed = heartbeat.lapsed.into_iter().filter(|id| judges && !gone.contains(id)).map(|id| (id, false));
        let lost: Vec<(DaemonId, bool)> = gone.iter().map(|id| (*id, true)).chain(lapsed).collect();
        for (daemon, process_gone) in lost {
            match self.shared.store.take_over(daemon, process_gone).await {
                Ok(Some(attempts)) => {
                    tracing::warn!(daemon.id = %daemon, attempts, "took over from a daemon that is gone");
                    self.shared.metrics.attempts_lost(attempts);
                    self.shared.alerts.notify_one();
                    tell(&self.commands, Command::Look).await;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(error = %error, "could not take over from a daemon that is gone"),
            }
        }
    }

    /// Counts leases and held locks, as the whole state database has them.
    fn count(&mut self, heartbeat: &Heartbeat) {
        self.shared.metrics.leases(heartbeat.leases);
        for class in &self.held {
            self.shared.metrics.locks(class, 0, 0);
        }
        for (class, held, waiting) in &heartbeat.locks {
            self.shared.metrics.locks(class, *held, *waiting);
            self.held.insert(class.clone());
        }
    }

    fn say(&self, state_up: bool, lease: bool, detail: &str) {
        self.ready.send_if_modified(|ready| {
            let now = Readiness { state_up, lease, detail: self.shared.masker.text(detail).into_owned() };
            let changed = *ready != now;
            *ready = now;
            changed
        });
    }
}

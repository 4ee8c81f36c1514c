//! What the parts of an engine have in common.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::clock::Clock;
use super::event::Event;
use super::room::Room;
use crate::domain::alert::Notify;
use crate::steps::Environment;
use crate::steps::doctor::Patient;
use crate::store::{Capacities, Identity, Scope, Store, StoreError};
use crate::telemetry::{Masker, Metrics};

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Runs at once.
    pub max_runs: usize,
    /// How long running attempts may go on after a stop was asked for.
    pub drain: Duration,
    /// Capacities of lock classes.
    pub capacities: Capacities,
    /// Folder of the attempts' logs.
    pub logs: PathBuf,
    /// Which runs it may claim.
    pub scope: Scope,
    /// Whether it notices firings: a daemon does, `run` doesn't.
    pub plans_firings: bool,
    /// How long ended runs are kept.
    pub keep_runs: Duration,
    /// How long logs are kept.
    pub keep_logs: Duration,
    /// Who is told of what, for jobs that don't say it themselves.
    pub notify: Option<Notify>,
    /// The address by which people reach the daemon, for links.
    pub public_url: Option<String>,
    /// What the daemon looks at every hour; `None`: nothing.
    pub patient: Option<Arc<Patient>>,
}

/// What the parts of an engine have in common. Everything in it is shared by nature or never changes.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) environment: Arc<Environment>,
    pub(super) metrics: Metrics,
    pub(super) masker: Masker,
    pub(super) settings: EngineSettings,
    pub(super) me: Identity,
    pub(super) clock: Clock,
    pub(super) events: broadcast::Sender<Event>,
    /// Places of runs that only wait for others.
    pub(super) room: Room,
    /// Hints that something in the state changed: a waiter looks again.
    pub(super) changed: tokio::sync::watch::Sender<u64>,
    /// Held by whoever keeps house.
    pub(super) keeping_house: tokio::sync::Mutex<()>,
    /// Held by whoever removes old files.
    pub(super) clearing_files: tokio::sync::Mutex<()>,
    /// Says that this machine's clock was set back.
    pub(super) clock_set_back: tokio::sync::Notify,
    /// Hints that an alert was recorded.
    pub(super) alerts: tokio::sync::Notify,
}

impl Shared {
    /// Tells whoever watches; nobody may be watching.
    pub(super) fn tell(&self, event: Event) {
        drop(self.events.send(event));
    }

    /// Wakes everybody who waits for a change of the state.
    pub(super) fn stir(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Does something with the state database until it answers, however long that takes. Pauses grow from 100 ms to
    /// 5 s: soon enough after a blip, seldom enough for a server that is starting.
    pub(super) async fn until_answered<T, F>(&self, mut work: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut pause = Duration::from_millis(100);
        loop {
            match work().await {
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(error = %error, "waiting for the state database");
                    // Half of the pause is random, so that several daemons don't come back at once.
                    tokio::time::sleep(pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                answer => return answer,
            }
        }
    }
}

//! An engine at work: its parts started together, stopped in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::attempt::Stop;
use super::clock::Clock;
use super::dispatcher::{Command, Dispatcher, tell};
use super::event::Event;
use super::lease::{LEASE, LeaseKeeper};
use super::patience::Patience;
use super::planner::Planner;
use super::room::Room;
use super::shared::{EngineSettings, Shared};
use super::{alerts, housekeeping, identity, indexes};
use crate::domain::ids::DaemonId;
use crate::domain::readiness::Readiness;
use crate::steps::Environment;
use crate::store::{Store, StoreError, Wake};
use crate::telemetry::{Masker, Metrics};

/// Commands that may lie unread. The dispatcher is away for one database call at most.
const COMMANDS: usize = 256;

/// Events that a slow watcher may fall behind.
const EVENTS: usize = 4096;

/// How long runs may take to clean up once the drain is over, before the daemon goes without them.
const LAST_WAIT: Duration = Duration::from_secs(75);

/// An engine at work. Call `stop` to end it; dropping it leaves its runs to be taken over.
pub struct Daemon {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    count: watch::Receiver<usize>,
    ready: watch::Receiver<Readiness>,
    beats: watch::Receiver<Instant>,
    jobs_changed: watch::Sender<u64>,
    given_up: CancellationToken,
    tasks: JoinSet<()>,
}

impl Daemon {
    /// Registers with the state database, waiting for it if need be, and starts to work.
    pub async fn start(
        store: Store,
        environment: Arc<Environment>,
        metrics: Metrics,
        masker: Masker,
        settings: EngineSettings,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            store: store.telling(settings.notify.as_ref()),
            environment,
            metrics,
            masker,
            settings,
            me: identity::this_process(),
            clock: Clock::default(),
            events: broadcast::channel(EVENTS).0,
            room: Room::default(),
            changed: watch::channel(0).0,
            keeping_house: tokio::sync::Mutex::new(()),
            clearing_files: tokio::sync::Mutex::new(()),
            clock_set_back: tokio::sync::Notify::new(),
            alerts: tokio::sync::Notify::new(),
        });
        shared.until_answered(|| shared.store.register(&shared.me, LEASE)).await?;
        let beat = shared.until_answered(|| shared.store.heartbeat(&shared.me, LEASE)).await?;
        shared.clock.correct(beat.now);

        let (commands, heard) = mpsc::channel(COMMANDS);
        let (count_sender, count) = watch::channel(0);
        let (ready_sender, ready) = watch::channel(Readiness { state_up: true, lease: true, detail: String::new() });
        let (beat_sender, beats) = watch::channel(Instant::now());
        let (jobs_changed, jobs_heard) = watch::channel(0);
        let given_up = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(Dispatcher::new(Arc::clone(&shared), heard, count_sender, beat_sender).run());
        let keeper = LeaseKeeper {
            shared: Arc::clone(&shared),
            commands: commands.clone(),
            ready: ready_sender,
            held: BTreeSet::new(),
            patience: Patience::default(),
        };
        let gone = given_up.clone();
        tasks.spawn(async move {
            keeper.run().await;
            gone.cancel();
        });
        tasks.spawn(hear(Arc::clone(&shared), commands.clone(), jobs_changed.clone()));
        if shared.settings.plans_firings {
            tasks.spawn(Planner::new(Arc::clone(&shared), jobs_heard).run());
            tasks.spawn(housekeeping::keep(Arc::clone(&shared)));
            tasks.spawn(indexes::build(Arc::clone(&shared)));
            tasks.spawn(alerts::watch(Arc::clone(&shared)));
            tasks.spawn(alerts::deliver(Arc::clone(&shared)));
        }
        Ok(Self { shared, commands, count, ready, beats, jobs_changed, given_up, tasks })
    }

    /// This incarnation.
    pub fn id(&self) -> DaemonId {
        self.shared.me.id
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// Whether this daemon may be relied on, now and from now on.
    pub fn readiness(&self) -> watch::Receiver<Readiness> {
        self.ready.clone()
    }

    /// When the engine's loops went round last: the keeper of the lease says so to the dispatcher every few seconds,
    /// whether or not the state database answers. One that stands still for long is stuck.
    pub fn beats(&self) -> watch::Receiver<Instant> {
        self.beats.clone()
    }

    /// Says that jobs were loaded anew.
    pub fn jobs_changed(&self) {
        self.jobs_changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Waits until the others have given this daemon up. It runs nothing any more; its process should end, or start
    /// another incarnation.
    pub async fn given_up(&self) {
        self.given_up.cancelled().await;
    }

    /// Stops: claims nothing more, gives running attempts `drain` to end, then stops them on their servers and gives
    /// their runs back, gives up the lease last. `hurry` skips the waiting.
    pub async fn stop(mut self, hurry: CancellationToken) {
        tell(&self.commands, Command::StopClaiming).await;
        tokio::select! {
            () = none_left(&mut self.count) => {}
            () = tokio::time::sleep(self.shared.settings.drain) => {}
            () = hurry.cancelled() => {}
        }
        tell(&self.commands, Command::StopAll(Stop::Drain)).await;
        if tokio::time::timeout(LAST_WAIT, none_left(&mut self.count)).await.is_err() {
            tracing::error!("some runs did not stop in time; they are left to be taken over");
        }
        if !self.given_up.is_cancelled()
            && let Err(error) = self.shared.store.leave(self.shared.me.id).await
        {
            tracing::warn!(error = %error, "the lease could not be given up; it will lapse");
        }
        self.tasks.shutdown().await;
    }
}

async fn none_left(count: &mut watch::Receiver<usize>) {
    // An error means that the dispatcher is gone, and its runs with it.
    drop(count.wait_for(|count| *count == 0).await);
}

/// Passes on hints, listening again after each loss of the connection.
async fn hear(shared: Arc<Shared>, commands: mpsc::Sender<Command>, jobs_changed: watch::Sender<u64>) {
    loop {
        match shared.store.listen().await {
            Ok(mut listener) => {
                // What happened while nobody listened is looked for now.
                tell(&commands, Command::Look).await;
                shared.stir();
                while let Ok(wake) = listener.next().await {
                    shared.stir();
                    match wake {
                        Wake::Work => tell(&commands, Command::Look).await,
                        Wake::Cancel(run) => tell(&commands, Command::Cancel(run)).await,
                        Wake::Ended(_) => {}
                        Wake::Jobs => jobs_changed.send_modify(|count| *count = count.wrapping_add(1)),
                    }
                }
                tracing::warn!("the connection for hints was lost; looking by the clock until it is back");
            }
            Err(error) => tracing::debug!(error = %error, "no connection for hints"),
        }
        tokio::time::sleep(super::dispatcher::LOOK_EVERY).await;
    }
}

//! One life of the daemon: from its registration to its stop, or until the others give it up.

use std::sync::Arc;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use super::command::Serving;
use super::jobs::Jobs;
use super::watchdog::tell_service_manager;
use crate::cli::doctor;
use crate::cli::error::CliError;
use crate::cli::signals::{Asked, Signals};
use crate::cli::wire;
use crate::engine::Daemon;
use crate::store::{Scope, Store};

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Somebody asked for it.
    Stopped,
    /// The others have taken over.
    GivenUp,
}

/// Lives.
pub(super) async fn live(serving: &Serving, store: &Store, signals: &mut Signals) -> Result<End, CliError> {
    let settings = &serving.workspace.settings;
    let environment = wire::environment(settings, serving.embedded.as_ref())?;
    let mut jobs = Jobs::new();
    jobs.load(&serving.workspace, store).await;
    let (metrics, masker) = (serving.metrics.clone(), serving.workspace.masker.clone());
    let mut engine = wire::engine(settings, Scope::All);
    engine.patient = Some(Arc::new(doctor::patient(settings, serving.embedded.as_ref())?));
    let starting = Daemon::start(store.clone(), environment, metrics, masker, engine);
    let daemon = tokio::select! {
        daemon = starting => daemon?,
        () = signals.stop() => return Ok(End::Stopped),
    };
    serving.watched.send_replace(Some(daemon.beats()));
    tell_service_manager(NotifyState::Ready);
    tracing::info!(daemon.id = %daemon.id(), "ready");
    let mut readiness = daemon.readiness();
    serving.ready.send_replace(readiness.borrow_and_update().clone());
    let end = loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break End::Stopped,
                Asked::Reload => {
                    jobs.forget();
                    jobs.load(&serving.workspace, store).await;
                    daemon.jobs_changed();
                }
            },
            () = jobs.changed() => {
                jobs.load(&serving.workspace, store).await;
            }
            () = daemon.given_up() => break End::GivenUp,
            changed = readiness.changed() => match changed {
                Ok(()) => drop(serving.ready.send_replace(readiness.borrow_and_update().clone())),
                // Its keeper is gone, which is what being given up means.
                Err(_) => break End::GivenUp,
            },
        }
    };
    serving.watched.send_replace(None);
    if end == End::Stopped {
        tell_service_manager(NotifyState::Stopping);
        tracing::info!(drain = %humantime::format_duration(settings.drain), "stopping; a second signal hurries");
    }
    stop(daemon, signals).await;
    Ok(end)
}

/// Drains; another signal skips the waiting.
async fn stop(daemon: Daemon, signals: &mut Signals) {
    let hurry = CancellationToken::new();
    let stopping = daemon.stop(hurry.clone());
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = &mut stopping => return,
            () = signals.stop() => hurry.cancel(),
        }
    }
}

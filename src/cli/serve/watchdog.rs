//! Tells the service manager that the daemon is alive, where it wants to hear that (`WatchdogSec=`).
//!
//! Alive means that the engine's loops go round. They do so while the state database is away, too: a restart would not
//! bring it back. While no engine is at work (at the start, between two lives, during the drain) it is enough that
//! this task is run.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// The engine that is watched, if one is at work: when its loops went round last.
pub(super) type Watched = Option<watch::Receiver<Instant>>;

/// Pings for as long as it is polled; not at all where nobody wants to hear it.
pub(super) async fn ping(watched: watch::Receiver<Watched>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut every = tokio::time::interval(limit / 3);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = false;
    loop {
        every.tick().await;
        let stuck = !alive(&watched.borrow(), limit);
        if stuck && !silent {
            tracing::error!("the engine stands still; the service manager is left to restart this daemon");
        }
        silent = stuck;
        if !stuck {
            tell_service_manager(NotifyState::Watchdog);
        }
    }
}

/// Whether the engine, if there is one, went round in the first half of the time that it may be silent.
fn alive(watched: &Watched, limit: Duration) -> bool {
    watched.as_ref().is_none_or(|beats| beats.borrow().elapsed() < limit / 2)
}

/// Tells systemd, where it started us.
pub(super) fn tell_service_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "telling the service manager");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_stands_still_is_not_alive_and_none_is() {
        let limit = Duration::from_mins(1);
        assert!(alive(&None, limit));
        let (beat, beats) = watch::channel(Instant::now());
        let watched = Some(beats);
        assert!(alive(&watched, limit));
        beat.send_modify(|at| *at = at.checked_sub(Duration::from_secs(31)).unwrap());
        assert!(!alive(&watched, limit));
    }
}

//! Old runs, due times and alerts go from the state database, part after part.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::engine::shared::Shared;
use crate::store::StoreError;

/// Rows that are removed by one statement at first: a few ten milliseconds on a quiet server.
const AT_ONCE: u32 = 1_000;

/// The fewest rows that are removed by one statement, where the server is too busy for more within a call's deadline.
const AT_LEAST: u32 = 10;

/// What goes when it is as old as runs are kept for.
#[derive(Clone, Copy)]
enum Old {
    Runs,
    DueTimes,
    Alerts,
}

impl Old {
    const fn label(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::DueTimes => "due times",
            Self::Alerts => "alerts",
        }
    }
}

/// Where a removal is.
struct Removal {
    old: Old,
    at_once: u32,
    after: Option<DateTime<Utc>>,
}

/// Removes what is older than it is kept for. The scheduler doesn't wait for the end of what it started the last time, so
/// whoever finds another at it leaves it to that one.
pub(super) async fn keep_house(shared: &Shared) {
    let Ok(_alone) = shared.keeping_house.try_lock() else { return };
    for old in [Old::Runs, Old::DueTimes, Old::Alerts] {
        let what = old.label();
        match (Removal { old, at_once: AT_ONCE, after: None }).all(shared).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed old {what}"),
            Err(error) => tracing::warn!(%error, "old {what} could not be removed; trying again in a minute"),
        }
    }
}

impl Removal {
    /// Removes part after part until nothing is left, and rests as long as it worked: others want the server, too.
    async fn all(mut self, shared: &Shared) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let began = Instant::now();
            match self.part(shared).await {
                Ok(0) => return Ok(removed),
                Ok(part) => removed += part,
                // A server that is too busy for so many at once is asked for fewer.
                Err(error) if error.is_unavailable() && self.at_once > AT_LEAST => self.at_once /= 10,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(began.elapsed()).await;
        }
    }

    async fn part(&mut self, shared: &Shared) -> Result<u64, StoreError> {
        let (store, keep) = (&shared.store, shared.settings.keep_runs);
        match self.old {
            Old::Runs => {
                let removed = store.remove_old_runs(keep, self.at_once, self.after).await?;
                self.after = removed.through.or(self.after);
                Ok(removed.count)
            }
            Old::DueTimes => store.remove_old_firings(keep, self.at_once).await,
            Old::Alerts => store.remove_old_alerts(keep, self.at_once).await,
        }
    }
}

//! Keeps things from growing: old runs and old logs go. Keeps an eye on replicas and on all else that jobs need, too.
//!
//! Runs on `tokio-cron-scheduler`, whose firings may be late or lost: housekeeping that is skipped once is done the
//! next time, so that is good enough here, and nowhere else.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use uuid::Uuid;

use super::checkup;
use super::freshness::{self, Freshness};
use super::shared::Shared;
use super::spool;
use crate::store::StoreError;

/// Every minute, away from the full one, at which jobs like to be due. Where nothing is old that costs next to nothing, and
/// where much is made much goes, so that what is kept stays as large as it is.
const EVERY: &str = "17 * * * * *";

/// Every ten minutes: folders can only be looked at one by one.
const FILES_EVERY: &str = "37 7-57/10 * * * *";

/// Rows that are removed by one statement at first: a few ten milliseconds on a quiet server.
const AT_ONCE: u32 = 1_000;

/// The fewest rows that are removed by one statement, where the server is too busy for more within a call's deadline.
const AT_LEAST: u32 = 10;

/// Starts housekeeping. It ends when the scheduler is shut down.
pub(super) async fn start(shared: Arc<Shared>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let (keeping, freshness) = (Arc::clone(&shared), Arc::new(Freshness::default()));
    let job = Job::new_async(EVERY, move |_, _| {
        let shared = Arc::clone(&keeping);
        Box::pin(async move { keep_house(&shared).await })
    })?;
    scheduler.add(job).await?;
    let clearing = Arc::clone(&shared);
    let job = Job::new_async(FILES_EVERY, move |_, _| {
        let shared = Arc::clone(&clearing);
        Box::pin(async move { clear_files(&shared).await })
    })?;
    scheduler.add(job).await?;
    let (looking, at_start) = (Arc::clone(&shared), Arc::clone(&freshness));
    let job = Job::new_async(freshness::EVERY, move |_, _| {
        let (shared, freshness) = (Arc::clone(&looking), Arc::clone(&freshness));
        Box::pin(async move { freshness.look(&shared).await })
    })?;
    scheduler.add(job).await?;
    let examined = Arc::clone(&shared);
    let job = Job::new_async(checkup::EVERY, move |_, _| {
        let shared = Arc::clone(&examined);
        Box::pin(async move { checkup::look(&shared).await })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    // What is stale when the daemon starts is known at once.
    tokio::join!(at_start.look(&shared), checkup::look(&shared), spool::sweep(&shared));
    Ok(scheduler)
}

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
async fn keep_house(shared: &Shared) {
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

/// Removes logs that are older than they are kept for, and what runs that have ended left in the spool.
async fn clear_files(shared: &Shared) {
    spool::sweep(shared).await;
    let (logs, keep) = (shared.settings.logs.clone(), shared.settings.keep_logs);
    match tokio::task::spawn_blocking(move || remove_old_logs(&logs, keep)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(removed)) => tracing::info!(removed, "removed old logs"),
        Ok(Err(error)) => tracing::warn!(%error, "old logs could not be removed"),
        Err(error) => tracing::error!(%error, "removing old logs panicked"),
    }
}

/// Removes the log folders of runs that nothing was written to for that long.
fn remove_old_logs(logs: &Path, keep: Duration) -> std::io::Result<usize> {
    let mut removed = 0;
    if !logs.exists() {
        return Ok(0);
    }
    for entry in std::fs::read_dir(logs)? {
        let entry = entry?;
        if is_younger(&entry.file_name(), keep) {
            continue;
        }
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
        if age > keep && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether a run's name alone says that it was made more recently: millions of folders aren't asked for their ages.
fn is_younger(folder: &OsStr, keep: Duration) -> bool {
    let id = folder.to_str().and_then(|name| Uuid::try_parse(name).ok());
    let Some(made) = id.and_then(|id| id.get_timestamp()) else { return false };
    let (seconds, nanos) = made.to_unix();
    let made = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
    SystemTime::now().duration_since(made).is_ok_and(|age| age < keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logs_older_than_the_limit_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        assert_eq!(remove_old_logs(folder.path(), Duration::from_hours(1)).unwrap(), 0);
        let young = folder.path().join(Uuid::now_v7().to_string());
        std::fs::create_dir(&young).unwrap();
        assert!(is_younger(young.file_name().unwrap(), Duration::from_hours(1)));
        assert_eq!(remove_old_logs(folder.path(), Duration::from_hours(1)).unwrap(), 0);
        assert_eq!(remove_old_logs(folder.path(), Duration::ZERO).unwrap(), 2);
        assert_eq!(remove_old_logs(&folder.path().join("nowhere"), Duration::ZERO).unwrap(), 0);
    }
}

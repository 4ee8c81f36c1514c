//! Keeps things from growing: old runs and old logs go. Keeps an eye on replicas and on all else that jobs need, too.
//!
//! Runs on `tokio-cron-scheduler`, whose firings may be late or lost: housekeeping that is skipped once is done the
//! next time, so that is good enough here, and nowhere else.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::checkup;
use super::freshness::{self, Freshness};
use super::shared::Shared;
use super::spool;
use crate::store::StoreError;

/// At minute 17 of every hour: away from the full hour, at which jobs like to be due.
const EVERY: &str = "0 17 * * * *";

/// Starts housekeeping. It ends when the scheduler is shut down.
pub(super) async fn start(shared: Arc<Shared>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let (keeping, freshness) = (Arc::clone(&shared), Arc::new(Freshness::default()));
    let job = Job::new_async(EVERY, move |_, _| {
        let shared = Arc::clone(&keeping);
        Box::pin(async move { keep_house(&shared).await })
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

/// Removes runs and logs that are older than they are kept for.
async fn keep_house(shared: &Shared) {
    match shared.store.remove_old_runs(shared.settings.keep_runs).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed old runs"),
        Err(error) => tracing::warn!(error = %error, "old runs could not be removed; trying again in an hour"),
    }
    if let Err(error) = remove_old_firings(shared).await {
        tracing::warn!(error = %error, "old firings could not be removed; trying again in an hour");
    }
    if let Err(error) = shared.store.remove_old_alerts(shared.settings.keep_runs).await {
        tracing::warn!(error = %error, "old alerts could not be removed; trying again in an hour");
    }
    spool::sweep(shared).await;
    let (logs, keep) = (shared.settings.logs.clone(), shared.settings.keep_logs);
    match tokio::task::spawn_blocking(move || remove_old_logs(&logs, keep)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(removed)) => tracing::info!(removed, "removed old logs"),
        Ok(Err(error)) => tracing::warn!(%error, "old logs could not be removed"),
        Err(error) => tracing::error!(%error, "removing old logs panicked"),
    }
}

/// Removes firings as old as the runs that go, part by part: ten thousand jobs have many.
async fn remove_old_firings(shared: &Shared) -> Result<(), StoreError> {
    let mut removed = 0;
    loop {
        match shared.store.remove_old_firings(shared.settings.keep_runs).await? {
            0 => break,
            more => removed += more,
        }
    }
    if removed > 0 {
        tracing::info!(removed, "removed old firings");
    }
    Ok(())
}

/// Removes the log folders of runs that nothing was written to for that long.
fn remove_old_logs(logs: &Path, keep: Duration) -> std::io::Result<usize> {
    let mut removed = 0;
    if !logs.exists() {
        return Ok(0);
    }
    for entry in std::fs::read_dir(logs)? {
        let entry = entry?;
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
        if age > keep && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logs_older_than_the_limit_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        assert_eq!(remove_old_logs(folder.path(), Duration::from_hours(1)).unwrap(), 0);
        assert_eq!(remove_old_logs(folder.path(), Duration::ZERO).unwrap(), 1);
        assert_eq!(remove_old_logs(&folder.path().join("nowhere"), Duration::ZERO).unwrap(), 0);
    }
}

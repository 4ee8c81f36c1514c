//! Old logs, and what runs that have ended left in the spool, go from this machine's disk.

use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::aside::aside;
use crate::engine::shared::Shared;
use crate::engine::spool;

/// Removes logs that are older than they are kept for, and what runs that have ended left in the spool. Whoever finds another at
/// it, as of the last time, leaves it to that one.
pub(super) async fn clear(shared: &Shared) {
    let Ok(_alone) = shared.clearing_files.try_lock() else { return };
    spool::sweep(shared).await;
    let (logs, keep) = (shared.settings.logs.clone(), shared.settings.keep_logs);
    match aside(move |over| remove_old_logs(&logs, keep, over)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(removed)) => tracing::info!(removed, "removed old logs"),
        Ok(Err(error)) => tracing::warn!(%error, "old logs could not be removed"),
        Err(error) => tracing::error!(%error, "removing old logs panicked"),
    }
}

/// Removes the log folders of runs that nothing was written to for that long, until the daemon ends.
fn remove_old_logs(logs: &Path, keep: Duration, over: &CancellationToken) -> std::io::Result<usize> {
    let mut removed = 0;
    if !logs.exists() {
        return Ok(0);
    }
    for entry in std::fs::read_dir(logs)?.take_while(|_| !over.is_cancelled()) {
        let entry = entry?;
        if is_younger(&entry.file_name(), keep) {
            continue;
        }
        match remove_if_old(&entry, keep) {
            Ok(gone) => removed += usize::from(gone),
            // Daemons may share the folder.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn remove_if_old(entry: &DirEntry, keep: Duration) -> std::io::Result<bool> {
    let found = entry.metadata()?;
    let age = SystemTime::now().duration_since(found.modified()?).unwrap_or_default();
    let old = age > keep && found.is_dir();
    if old {
        std::fs::remove_dir_all(entry.path())?;
    }
    Ok(old)
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
        let kept_for = |keep| remove_old_logs(folder.path(), keep, &CancellationToken::new()).unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        assert_eq!(kept_for(Duration::from_hours(1)), 0);
        let young = folder.path().join(Uuid::now_v7().to_string());
        std::fs::create_dir(&young).unwrap();
        assert!(is_younger(young.file_name().unwrap(), Duration::from_hours(1)));
        assert_eq!(kept_for(Duration::from_hours(1)), 0);
        let over = CancellationToken::new();
        over.cancel();
        assert_eq!(remove_old_logs(folder.path(), Duration::ZERO, &over).unwrap(), 0, "the daemon ends");
        assert_eq!(kept_for(Duration::ZERO), 2);
        assert_eq!(
            remove_old_logs(&folder.path().join("nowhere"), Duration::ZERO, &CancellationToken::new()).unwrap(),
            0
        );
    }
}

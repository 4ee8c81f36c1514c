//! File locks that end with their holder, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// Pause between two tries. The locks are held for milliseconds, or for the seconds that a server takes to start.
const PAUSE: Duration = Duration::from_millis(20);

/// Opens a lock file, making it if needed. Not inherited by child processes: std opens with `O_CLOEXEC`.
pub(super) fn open(path: &Path) -> Result<File, EmbeddedError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| EmbeddedError::file("locking", path, &error))
}

/// Tries an exclusive lock; `false` if somebody else has the lock.
pub(super) fn try_exclusive(file: &File, path: &Path) -> Result<bool, EmbeddedError> {
    told(file.try_lock(), path)
}

/// Tries a shared lock; `false` if somebody else has it exclusively.
pub(super) fn try_shared(file: &File, path: &Path) -> Result<bool, EmbeddedError> {
    told(file.try_lock_shared(), path)
}

/// Repeats a try until it succeeds or the time is up.
pub(super) fn wait(
    patience: Duration,
    path: &Path,
    mut attempt: impl FnMut() -> Result<bool, EmbeddedError>,
) -> Result<(), EmbeddedError> {
    let deadline = Instant::now() + patience;
    while !attempt()? {
        if Instant::now() >= deadline {
            let message = format!("`{}` was held by another process for {} s", path.display(), patience.as_secs());
            return Err(EmbeddedError::start("waiting for", message)
                .with_hint(format!("see which process it is: fuser -v '{}'", path.display())));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn told(result: Result<(), TryLockError>, path: &Path) -> Result<bool, EmbeddedError> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(EmbeddedError::file("locking", path, &error)),
    }
}

//! The lock that a publisher holds from the gate to the rename.
//!
//! A publisher that was paused in between finishes before the next one begins, so an older file never replaces a newer
//! one and no generation's number is given twice. The lock is a file beside the replica; it is removed by whoever lets
//! go of it, so nothing stays behind.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::failure::Failure;

use super::layout::Layout;
use super::refusal::refused;

/// Pause between two tries. Others hold the lock for as long as a rename takes, or as they wait at the gate.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// The lock, held.
#[derive(Debug)]
pub struct PublishLock {
    path: PathBuf,
    _file: File,
}

impl PublishLock {
    /// Waits for the lock, or for the stop. `waiting` hears once that somebody else has it.
    pub async fn take(layout: &Layout, stop: &CancellationToken, waiting: impl FnOnce(&str)) -> Result<Self, Failure> {
        let path = layout.lock_file();
        let doing = format!("locking {}", path.display());
        let mut waiting = Some(waiting);
        loop {
            if let Some(lock) = Self::try_take(path.clone()).map_err(|error| refused(&doing, &error))? {
                return Ok(lock);
            }
            if let Some(waiting) = waiting.take() {
                waiting(&format!("another publisher holds {}; waiting for it", path.display()));
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Failure::stopped()),
                () = tokio::time::sleep(TRY_AGAIN) => {}
            }
        }
    }

    fn try_take(path: PathBuf) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The one who held it before may have removed the file since it was opened here.
        let held = file.metadata()?;
        let current = fs::metadata(&path).is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino()));
        Ok(current.then_some(Self { path, _file: file }))
    }
}

impl Drop for PublishLock {
    fn drop(&mut self) {
        // While the lock is held: who opened the file before sees that it is gone and tries again.
        drop(fs::remove_file(&self.path));
    }
}

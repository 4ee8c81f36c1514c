//! A DuckDB file that steps may open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::DuckDbError;
use super::registry::OpenFile;
use super::session::{DuckDbSession, on_blocking_thread};

/// What a session may do with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Read and write; a file that doesn't exist is made. No other process may have it open.
    ReadWrite,
    /// Read; other processes may read too. Where this process already writes to the file the session shares that
    /// open database, and only its caller keeps it from writing.
    ReadOnly,
}

/// A DuckDB file. Cheap to clone; open only while a session uses it.
#[derive(Clone, Debug)]
pub struct DuckDbFile {
    path: PathBuf,
}

impl DuckDbFile {
    /// The file at that path; it need not exist yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file, or joins those in this process that have it open. A writer waits for readers in this process
    /// that opened it first. Dropping the future gives the file back.
    pub async fn open(&self, mode: OpenMode) -> Result<DuckDbSession, DuckDbError> {
        loop {
            let path = self.path.clone();
            let file = on_blocking_thread(move || OpenFile::at(&path)).await?;
            // Registered before looking, so that a close in between is not missed.
            let closed = file.closed.notified();
            let joining = Arc::clone(&file);
            if let Some(session) = on_blocking_thread(move || OpenFile::join(&joining, mode)).await? {
                return Ok(session);
            }
            closed.await;
        }
    }
}

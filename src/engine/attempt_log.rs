//! An attempt's log: a file under the data folder, written as lines come, so that it survives a crash of the daemon.
//!
//! A log doesn't grow without bound: past the limit only warnings and errors are written, and after twice the limit
//! nothing, with one line that says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::ids::RunId;
use crate::steps::Level;

/// Bytes after which only warnings and errors are written. Logs are read by people: more than this isn't.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The log file of an attempt.
pub fn log_path(logs: &Path, run: RunId, step: usize, number: u32) -> PathBuf {
    logs.join(run.to_string()).join(format!("{step:03}-{number:04}.log"))
}

/// An attempt's log, open for writing.
pub(super) struct AttemptLog {
    file: Mutex<Option<(File, u64)>>,
}

impl AttemptLog {
    /// Opens the log of an attempt; one that can't be opened swallows its lines, because a full disk for logs must not
    /// end a copy.
    pub(super) fn open(logs: &Path, run: RunId, step: usize, number: u32) -> (Self, io::Result<()>) {
        let path = log_path(logs, run, step, number);
        let opened = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&path));
        match opened {
            Ok(file) => (Self { file: Mutex::new(Some((file, 0))) }, Ok(())),
            Err(error) => (Self { file: Mutex::new(None) }, Err(error)),
        }
    }

    /// Writes a line: time, level, message. Line breaks in the message are kept, indented.
    pub(super) fn write(&self, now: DateTime<Utc>, level: Level, message: &str) {
        let mut guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((file, written)) = guard.as_mut() else { return };
        let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let message = message.replace('\n', "\n    ");
        let line = match *written {
            so_far if so_far < LIMIT || (level >= Level::Warn && so_far < 2 * LIMIT) => {
                format!("{time} {:5} {message}\n", label(level))
            }
            so_far if so_far < 2 * LIMIT && level < Level::Warn => return,
            so_far if so_far < u64::MAX / 2 => {
                *written = u64::MAX / 2;
                format!("{time} WARN  the log is longer than {} MiB; the rest is left out\n", 2 * LIMIT / 1024 / 1024)
            }
            _ => return,
        };
        if file.write_all(line.as_bytes()).is_ok() {
            *written = written.saturating_add(line.len() as u64);
        } else {
            *guard = None;
        }
    }
}

/// The word of a level.
pub(super) const fn label(level: Level) -> &'static str {
    match level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
    }
}

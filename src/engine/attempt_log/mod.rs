//! An attempt's log: a file under the data folder, written as lines come, so that it survives a crash of the daemon.
//!
//! A log doesn't grow without bound, and what is read of a long one is how it began and how it ended. So the first bytes
//! stay (`000-0001.log`), and what follows goes to parts of which the last two are kept (`.log.1`, the newest, and
//! `.log.2`), each beginning with a line that says how much was left out before it.

mod reader;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::ids::RunId;
use crate::steps::Level;

pub use reader::LogReader;

/// Bytes of the beginning that stay.
const HEAD: u64 = 8 * 1024 * 1024;

/// Bytes of a part. With two parts a log has at most as many bytes of its end as of its beginning.
const PART: u64 = 4 * 1024 * 1024;

/// The log file of an attempt.
pub fn log_path(logs: &Path, run: RunId, step: usize, number: u32) -> PathBuf {
    logs.join(run.to_string()).join(format!("{step:03}-{number:04}.log"))
}

/// A part of a log: 1 is the newest, 2 the one before.
fn part_path(log: &Path, number: u8) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// An attempt's log, open for writing.
pub(super) struct AttemptLog {
    open: Mutex<Option<Open>>,
}

/// What is written to.
struct Open {
    path: PathBuf,
    file: File,
    /// Bytes of this file, and how many it may have.
    written: u64,
    limit: u64,
    /// Lines after the beginning, in all parts.
    lines: u64,
    in_parts: bool,
}

impl AttemptLog {
    /// Opens the log of an attempt; one that can't be opened swallows its lines, because a full disk for logs must not
    /// end a copy.
    pub(super) fn open(logs: &Path, run: RunId, step: usize, number: u32) -> (Self, io::Result<()>) {
        let path = log_path(logs, run, step, number);
        match Open::new(path) {
            Ok(open) => (Self { open: Mutex::new(Some(open)) }, Ok(())),
            Err(error) => (Self { open: Mutex::new(None) }, Err(error)),
        }
    }

    /// Writes a line: time, level, message. Line breaks in the message are kept, indented.
    pub(super) fn write(&self, now: DateTime<Utc>, level: Level, message: &str) {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = guard.as_mut() else { return };
        let line = line(now, level, message);
        if open.write(now, &line).is_err() {
            *guard = None;
        }
    }
}

impl Open {
    fn new(path: PathBuf) -> io::Result<Self> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let written = file.metadata()?.len();
        Ok(Self { path, file, written, limit: HEAD, lines: 0, in_parts: false })
    }

    fn write(&mut self, now: DateTime<Utc>, line: &str) -> io::Result<()> {
        if self.written >= self.limit {
            self.next_part(now)?;
        }
        self.file.write_all(line.as_bytes())?;
        self.written += line.len() as u64;
        self.lines += u64::from(self.in_parts);
        Ok(())
    }

    /// Begins a part; the one before the last is gone then.
    fn next_part(&mut self, now: DateTime<Utc>) -> io::Result<()> {
        let newest = part_path(&self.path, 1);
        if self.in_parts {
            fs::rename(&newest, part_path(&self.path, 2))?;
        }
        (self.file, self.written, self.limit, self.in_parts) = (File::create(&newest)?, 0, PART, true);
        let message = format!("the log is long: {} lines between its beginning and here are left out", self.lines);
        let first = line(now, Level::Warn, &message);
        self.file.write_all(first.as_bytes())
    }
}

fn line(now: DateTime<Utc>, level: Level, message: &str) -> String {
    let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    format!("{time} {:5} {}\n", label(level), message.replace('\n', "\n    "))
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

#[cfg(test)]
mod tests;

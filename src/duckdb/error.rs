//! DuckDB's errors: its own words, and the class that decides about a retry.
//!
//! DuckDB has no error codes. What an error is follows from its text, as version 1.5.6 words it; the tests provoke
//! each of these texts from the library itself.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};

/// Bytes of a message that are kept: enough for DuckDB's longest advice beside an ordinary line of data.
const LONGEST: usize = 3000;

/// An error of a DuckDB session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {message}")]
pub struct DuckDbError {
    /// What was being done, a lowercase fragment: `opening /data/stock.db`.
    pub doing: String,
    /// DuckDB's message.
    pub message: String,
    /// What kind of error it is.
    pub kind: DuckDbErrorKind,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuckDbErrorKind {
    /// Another process has the file open.
    Locked,
    /// The file can't be opened: it is missing, a folder, not ours to read.
    Open,
    /// The file is damaged, or no DuckDB file, or was written by a newer DuckDB.
    Damaged,
    /// The disk, or a quota or limit on it, is full.
    DiskFull,
    /// Two transactions changed the same rows.
    Conflict,
    /// The memory that this process allows DuckDB was not enough.
    Memory,
    /// The library is another version than Windlass is built for.
    Version,
    /// Another error of a statement.
    Statement,
    /// The work was interrupted because the step was asked to stop.
    Stopped,
}

impl DuckDbError {
    /// An error while a file was opened.
    pub(super) fn opening(doing: impl Into<String>, error: &duckdb::Error) -> Self {
        let message = words(error);
        let kind = kind_of(&message).unwrap_or(DuckDbErrorKind::Open);
        Self { doing: doing.into(), message, kind }
    }

    /// An error of a statement on an open file.
    pub fn statement(doing: impl Into<String>, error: &duckdb::Error) -> Self {
        let message = words(error);
        let kind = kind_of(&message).unwrap_or(DuckDbErrorKind::Statement);
        Self { doing: doing.into(), message, kind }
    }

    /// The work was given up because the step was asked to stop.
    pub(super) fn stopped(doing: impl Into<String>) -> Self {
        Self { doing: doing.into(), message: "stopped on request".to_owned(), kind: DuckDbErrorKind::Stopped }
    }

    /// Whether the database, after this error, answers nothing any more until it is opened afresh.
    pub(super) fn spoils_database(&self) -> bool {
        self.message.contains("database has been invalidated") || self.message.starts_with("INTERNAL Error")
    }

    /// The failure of a step on that side.
    pub fn on(self, side: Side) -> Failure {
        use FailureClass::{Permanent, Transient};
        let (code, class, hint) = match self.kind {
            DuckDbErrorKind::Stopped => return Failure::stopped(),
            DuckDbErrorKind::Locked => (
                Code::DuckDbLocked,
                Transient,
                "a DuckDB file has one writing process or several reading ones: close the other program, or let \
                 readers open a replica made by `publish_replica`",
            ),
            DuckDbErrorKind::Open => {
                (Code::DuckDbOpen, Permanent, "check the path, and that the user of this process may read and write it")
            }
            DuckDbErrorKind::Damaged => (
                Code::DuckDbDamaged,
                Permanent,
                "if it should be a DuckDB file, restore it from a backup or a replica; a file of a newer DuckDB needs \
                 a newer Windlass",
            ),
            DuckDbErrorKind::DiskFull => (Code::DiskFull, Transient, "free some space on the disk, or raise the quota"),
            DuckDbErrorKind::Conflict => {
                (Code::DuckDbStatement, Transient, "another transaction changed the same rows; it is tried again")
            }
            DuckDbErrorKind::Memory => (
                Code::DuckDbStatement,
                Permanent,
                "split the statement, or raise the limit at its start: `set memory_limit = '8GB'`",
            ),
            DuckDbErrorKind::Version => {
                (Code::DuckDbVersion, Permanent, "run scripts/setup, or install the library that came with Windlass")
            }
            DuckDbErrorKind::Statement => {
                return Failure::permanent(Code::DuckDbStatement, side, self.to_string());
            }
        };
        Failure::new(code, class, side, self.to_string()).with_hint(hint)
    }
}

/// DuckDB's message, or the driver's where DuckDB said nothing. DuckDB quotes a line of CSV whole, however long; an
/// error is kept for as long as its run is, so its middle goes.
fn words(error: &duckdb::Error) -> String {
    let message = match error {
        duckdb::Error::DuckDBFailure(_, Some(message)) => message.trim().to_owned(),
        other => other.to_string(),
    };
    if message.len() <= LONGEST {
        return message;
    }
    let (head, tail) =
        (message.floor_char_boundary(LONGEST / 2), message.ceil_char_boundary(message.len() - LONGEST / 2));
    format!("{} … {}", &message[..head], &message[tail..])
}

/// The kind that DuckDB's words give away; `None` where it depends on what was being done.
fn kind_of(message: &str) -> Option<DuckDbErrorKind> {
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if says(&["Could not set lock on file", "Conflicting lock is held"]) {
        Some(DuckDbErrorKind::Locked)
    } else if says(&["No space left on device", "Disk quota exceeded", "File too large", "max_temp_directory_size"]) {
        Some(DuckDbErrorKind::DiskFull)
    } else if says(&[
        "not a valid DuckDB database file",
        "Corrupt database file",
        "WAL does not match database file",
        "Failure while replaying WAL file",
        "trying to read a database file with version number",
        "Serialization Error: Failed to deserialize",
    ]) {
        Some(DuckDbErrorKind::Damaged)
    } else if says(&["Permission denied", "Read-only file system"]) && message.starts_with("IO Error") {
        Some(DuckDbErrorKind::Open)
    } else if message.starts_with("TransactionContext Error") && says(&["onflict"]) {
        Some(DuckDbErrorKind::Conflict)
    } else if message.starts_with("Out of Memory Error") {
        Some(DuckDbErrorKind::Memory)
    } else {
        None
    }
}

//! DuckDB: one open database per file and process, work on blocking threads, interrupts, errors with a class.
//!
//! A file is open only while a session uses it. Raw driver errors never leave this module's callers' closures:
//! `DuckDbError` carries DuckDB's words and turns into a `Failure` for the side it happened on.
//!
//! Nothing in this process may open or copy a DuckDB file by itself while a session has it, not even to read a few
//! bytes: closing any descriptor of a file drops this process' POSIX locks on it, and another process could then
//! write to it. Asking for its size is harmless; copying is the work of a child process.

mod error;
mod feed;
mod file;
mod ident;
mod instance;
mod registry;
mod session;
mod transaction;
mod version;

pub use error::{DuckDbError, DuckDbErrorKind};
pub use feed::{FeedChunk, FeedColumn, FeedType, Feeder, Interval};
pub use file::{DuckDbFile, OpenMode};
pub use ident::{literal, qualified, quoted};
pub use instance::spill_folder;
pub use registry::WriteTurn;
pub use session::DuckDbSession;
pub use transaction::DuckDbTransaction;
pub use version::{EXPECTED_VERSION, check_version, library_version};

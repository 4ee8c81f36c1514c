//! The jobs that the daemon runs: as the files say, and where a file is broken as it last said.
//!
//! ```text
//!   watch (notify, a slow poll) ──► files: which changed, which are broken, which are gone ──► jobs ──► state database
//! ```
//!
//! Files are told apart by their stamps, so a look that finds nothing new costs a `stat` for each file. The latest
//! load wins: daemons that share a state database should have the same files.

mod files;
mod load;
mod stamp;
mod watch;

pub(super) use load::Jobs;

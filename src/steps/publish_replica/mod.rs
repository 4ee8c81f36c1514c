//! The step kind `publish_replica`: a complete, verified DuckDB file that readers can open at any instant.
//!
//! ```text
//!  master (DuckDB)   ── copy | compact ──┐               ┌ verified ┐
//!                                        ├─► hidden file ─┤ synced   ├─► lock, gate ─► generation 42 ─► renamed over
//!  tables (PostgreSQL) ── one snapshot ──┘               └ digested ┘                 and its manifest   the replica
//! ```
//!
//! With several places the file is made and examined once and brought to all of them, copied or uploaded, before any
//! shows it. In an object store a generation goes through the same stages, with puts for renames.
//!
//! The replica's path never shows a missing or partial file, nor a whole one with a write-ahead log that isn't its own.
//! Readers that have the old file open go on reading it. Whatever happens before the rename leaves the old replica as
//! it was and nothing beside it; a death between the renames is finished by the next attempt, or by anybody's next
//! publish. `steps::replica` knows the files, this module how they come about.

mod build;
mod child_copy;
mod examine;
mod follow;
mod key;
mod master;
mod outcome;
mod place;
mod publish;
mod remote;
mod show;
mod shrink;
mod snapshot;
mod space;
mod table;
mod target;
mod verify;
mod worker;

pub(super) use publish::run;

//! The step kind `publish_replica`: a complete, verified DuckDB file that readers can open at any instant.
//!
//! ```text
//!  master (DuckDB)   ── copy | compact ──┐
//!                                        ├─► hidden file ─► checked ─► gate ─► renamed over the replica
//!  tables (PostgreSQL) ── one snapshot ──┘   beside the replica
//! ```
//!
//! The replica's path never shows a missing or partial file, nor a whole one with a write-ahead log that isn't its own.
//! Readers that have the old file open go on reading it. Whatever happens before the rename leaves the old replica as
//! it was and nothing beside it.

mod build;
mod child_copy;
mod column;
mod decode;
mod lock;
mod master;
mod place;
mod publish;
mod rows;
mod snapshot;
mod table;
mod verify;
mod worker;

pub(super) use publish::run;

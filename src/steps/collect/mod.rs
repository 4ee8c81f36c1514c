//! The step kind `collect`: outside data into a table, all of it in one transaction.
//!
//! ```text
//! look at the target ─► source ─────────────► data ──────────────────► target
//! (loaded before?       HTTP or files, whole   DuckDB reads it, types   one transaction:
//!  which columns?)      bodies in the spool    inferred from all of it, rows and marker,
//!                                              expectations checked     gate, commit
//! ```
//!
//! Nothing of a body is held in memory beyond one record, and nothing is loaded before all of it has been read. The
//! target is open only at the beginning and at the end, not while a server takes its time.

mod data;
mod run;
mod source;
mod target;

pub(super) use run::run;

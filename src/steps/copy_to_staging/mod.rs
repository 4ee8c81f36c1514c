//! The step kind `copy_to_staging`: streams PostgreSQL tables or a query into staging tables.
//!
//! ```text
//!            ┌ session ── COPY part TO STDOUT ──▶ relay ──▶ COPY hidden FROM STDIN ── session ┐
//! snapshot ──┼ session ── COPY part TO STDOUT ──▶ relay ──▶ COPY hidden FROM STDIN ── session ┼──▶ one transaction
//!            └ …                                                                               ┘
//! ```
//!
//! One snapshot on the source for all tables and streams. New tables are filled under hidden names, compared, indexed
//! and analyzed, and take the staging tables' places in one transaction; until then readers see the old content, and
//! afterwards the new one, whole. Everything that can be wrong without moving data (names, privileges, types, what hangs
//! on an old table) is looked at before any data moves.

mod checksum;
mod exchange;
mod format;
mod publish;
mod run;
mod staging;
mod table;
mod work;
mod worker;

pub(super) use run::run;

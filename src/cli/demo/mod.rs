//! `windlass demo`: the whole pipeline, all four field cases, with nothing else needed.
//!
//! Everything is real: the embedded PostgreSQL, an HTTP server on loopback, DuckDB files, the shipped job files and the
//! engine that the daemon has. Files are left in the demo's folder to be looked at and changed; no process is.

mod chapters;
mod command;
mod data;
mod exclusive;
mod files;
mod market;
mod replica;

pub(crate) use command::run;

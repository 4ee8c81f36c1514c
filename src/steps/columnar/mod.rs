//! PostgreSQL's rows into DuckDB's columns: COPY's binary form, taken apart on DuckDB's thread while PostgreSQL sends more.
//!
//! ```text
//! session ── COPY query, binary ──▶ blocks of rows ──▶ DuckDB's thread: values into vectors, compressed ──▶ table
//! ```
//!
//! `column` says which type becomes which.

pub(super) mod column;
mod copy;
mod decode;
mod describe;
mod rows;

pub(super) use copy::{Reading, copy};
pub(super) use describe::{ask, describe};

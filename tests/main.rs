//! Windlass's integration tests, in one binary: linking it once is cheaper than linking ten.

mod command;
mod duckdb;
mod support;

//! Windlass's integration tests, in one binary.

mod duckdb;

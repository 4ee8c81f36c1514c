//! The one integration-test binary: an area a folder. One binary links DuckDB and starts PostgreSQL once.

mod support;

mod command;
mod copy;
mod duckdb;
mod embedded;
mod engine;
mod postgres;
mod spec;
mod sql;

//! The one integration-test binary: an area a folder. One binary links DuckDB and starts PostgreSQL once.

mod support;

mod collect;
mod command;
mod copy;
mod duckdb;
mod embedded;
mod engine;
mod fetch;
mod postgres;
mod sql;

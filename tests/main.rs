//! The one integration-test binary: an area a folder. One binary links DuckDB and starts PostgreSQL once.

mod support;

mod alerts;
mod api;
mod cli;
mod collect;
mod command;
mod copy;
mod ctas;
mod deploy;
mod duckdb;
mod embedded;
mod engine;
mod error_pages;
mod fetch;
mod layers;
mod masking;
mod objects;
mod postgres;
mod publish;
mod readme;
mod schedule;
mod spec;
mod sql;
mod state;
mod torture;
mod ui;

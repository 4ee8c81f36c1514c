//! Windlass moves data through PostgreSQL and DuckDB on a schedule, and it arrives.
//!
//! The crate is a house of layers; dependencies go in one direction only, and `tests/layers.rs` holds them to it.
//!
//! | layer | may use | must not use |
//! |---|---|---|
//! | `domain` | pure libraries | tokio, any other module here |
//! | `spec` | `domain` | tokio, postgres, duckdb |
//! | `settings` | `domain`, `spec` | tokio, postgres, duckdb |
//! | `telemetry` | `domain` | everything else |
//! | `postgres`, `duckdb`, `fetch`, `objects` | `domain` | each other, `store`, `engine` |
//! | `store` | `domain`, `postgres`, `telemetry` | `engine`, `steps`, `api` |
//! | `steps` | `domain`, `postgres`, `duckdb`, `fetch`, `objects` | `store`, `engine`, `api` |
//! | `engine` | `domain`, `steps`, `store`, `telemetry` | `postgres`, `duckdb`, `api` |
//! | `actions` | `domain`, `spec`, `store` | `steps`, `engine`, `api`, `cli` |
//! | `api` | `domain`, `actions`, `engine`, `store`, `telemetry` | `steps`, `postgres` |
//! | `cli`, `main` | everything | |

pub mod actions;
pub mod api;
pub mod cli;
pub mod domain;
pub mod duckdb;
pub mod engine;
pub mod fetch;
pub mod objects;
pub mod postgres;
pub mod settings;
pub mod spec;
pub mod steps;
pub mod store;
pub mod telemetry;

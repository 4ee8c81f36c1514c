//! Where collected data goes: a table of a DuckDB file or a PostgreSQL database, changed in one transaction.

mod beside;
mod copy_text;
mod duckdb;
mod fit;
mod memory;
mod postgres_add;
mod postgres_load;
mod postgres_look;
mod postgres_types;
mod table;
mod types;

pub(super) use table::{Load, Target};

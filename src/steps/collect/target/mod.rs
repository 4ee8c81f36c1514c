//! Where collected data goes: a table of a DuckDB file or a PostgreSQL database, changed in one transaction.

mod copy_text;
mod duckdb;
mod fit;
mod postgres_load;
mod postgres_look;
mod postgres_types;
mod table;

pub(super) use table::Target;

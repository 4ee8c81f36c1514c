//! The DuckDB layer against real files, with other processes beside it.

pub(crate) mod process;

mod errors;
mod sessions;
mod statements;

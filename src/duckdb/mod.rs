//! DuckDB: one open database per file and process, work on blocking threads, interrupts, errors with a class.

mod file;

pub use file::DuckDbFile;

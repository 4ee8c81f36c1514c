//! The data between source and target: read by DuckDB into a private file, its types known, its promises checked.

mod columns;
mod dialect;
mod expect;
mod last_time;
mod query;
mod read;
mod reader;
mod rejects;
mod stage;

pub(super) use columns::add_load_columns;
pub(super) use expect::check;
pub(super) use query::query;
pub(super) use read::{Column, Data, HowToRead, WantedTypes, read};
pub(super) use rejects::WHOLE;
pub(super) use stage::memory_of;

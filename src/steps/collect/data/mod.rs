//! The data between source and target: read by DuckDB into a private file, its types known, its promises checked.

mod expect;
mod query;
mod read;
mod reader;

pub(super) use expect::check;
pub(super) use query::query;
pub(super) use read::{Column, Data, WantedTypes, read};

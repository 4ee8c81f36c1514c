//! What a feeder fills: one column of values for each column of the table.

use duckdb::core::DataChunkHandle;

use super::column::FeedColumn;
use super::kind::FeedType;

/// Room for some rows.
pub struct FeedChunk<'c> {
    columns: Vec<FeedColumn<'c>>,
}

impl<'c> FeedChunk<'c> {
    /// Most rows of a chunk: DuckDB's own size of a vector.
    pub const ROWS: usize = 2048;

    /// The columns of DuckDB's chunk, which has these types.
    pub(super) fn of(chunk: &'c DataChunkHandle, types: &'c [FeedType]) -> Self {
        Self { columns: types.iter().enumerate().map(|(at, kind)| FeedColumn::of(chunk, at, kind)).collect() }
    }

    /// The columns, in the order of their types.
    pub fn columns(&mut self) -> &mut [FeedColumn<'c>] {
        &mut self.columns
    }
}

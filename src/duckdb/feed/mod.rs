//! Rows from elsewhere into a table, in DuckDB's own form: columns of some thousand values, written where they lie.
//!
//! ```text
//! insert into t select * from windlass_feed(7) ──▶ table function ──▶ Feeder::fill(chunk) ──▶ values into vectors
//! ```
//!
//! DuckDB asks for rows when it wants them, on a thread of its own, and compresses and writes what it got before it asks
//! again; so whoever has rows to give waits for DuckDB, and memory is what is under way. Appending row by row, or text
//! that DuckDB parses, costs several times as much.

mod chunk;
mod column;
mod function;
mod kind;

pub use chunk::FeedChunk;
pub use column::{FeedColumn, Interval};
pub use kind::FeedType;

pub(super) use function::register;

use function::Feed;

use tokio_util::sync::CancellationToken;

use super::error::DuckDbError;
use super::session::DuckDbSession;

/// Who has rows to give.
pub trait Feeder: Send + 'static {
    /// Writes the next rows into the chunk and says how many, at most `FeedChunk::ROWS`; none at the end. The error ends the
    /// statement, which then fails with these words.
    ///
    /// Called by one thread at a time. It may wait; then it must end by itself when nothing can come any more, for an
    /// interrupt of the session doesn't reach it.
    fn fill(&mut self, chunk: &mut FeedChunk<'_>) -> Result<usize, String>;
}

impl DuckDbSession {
    /// Inserts all rows of the feeder into that table, whose name comes as SQL writes it, in the order of its columns.
    /// Says how many.
    pub async fn feed(
        &self,
        stop: &CancellationToken,
        doing: &str,
        table: &str,
        columns: Vec<FeedType>,
        feeder: impl Feeder,
    ) -> Result<u64, DuckDbError> {
        let feed = Feed::offer(columns, Box::new(feeder));
        let insert = format!("insert into {table} select * from {}", feed.call());
        let inserted = self.run(stop, doing, move |connection| connection.execute(&insert, [])).await;
        drop(feed);
        inserted.map(|rows| rows as u64)
    }
}

//! Rows on their way from a PostgreSQL session to DuckDB's thread.
//!
//! Blocks of rows go through a short queue: PostgreSQL waits where DuckDB is slower, and the other way around.

use tokio::sync::mpsc;

use crate::duckdb::{FeedChunk, Feeder};
use crate::postgres::Block;
use crate::postgres::binary::{Fields, after_header};

use super::column::Column;
use super::decode::decode;

/// Blocks that wait at most: enough for either side to go on while the other is busy with something else for a moment.
const QUEUE: usize = 8;

/// What goes through the queue.
enum Piece {
    Rows(Block),
    /// There are no more. A queue that ends without it was abandoned.
    End,
}

/// The end of the queue that rows are put into.
pub(in crate::steps) struct Giver(mpsc::Sender<Piece>);

/// The end that DuckDB takes them from.
pub(in crate::steps) struct Taker {
    queue: mpsc::Receiver<Piece>,
    columns: Vec<Column>,
    block: Option<Block>,
    begun: bool,
    ended: bool,
}

/// A queue for rows of these columns.
pub(in crate::steps) fn queue(columns: Vec<Column>) -> (Giver, Taker) {
    let (giver, queue) = mpsc::channel(QUEUE);
    (Giver(giver), Taker { queue, columns, block: None, begun: false, ended: false })
}

impl Giver {
    /// Gives rows; false if nobody takes them any more.
    pub(in crate::steps) async fn give(&self, block: Block) -> bool {
        self.0.send(Piece::Rows(block)).await.is_ok()
    }

    /// Says that there are no more.
    pub(in crate::steps) async fn end(self) {
        // Whoever doesn't listen any more has its own reason for it.
        drop(self.0.send(Piece::End).await);
    }
}

impl Feeder for Taker {
    fn fill(&mut self, chunk: &mut FeedChunk<'_>) -> Result<usize, String> {
        let mut row = 0;
        while row < FeedChunk::ROWS && !self.ended {
            let Some(block) = &mut self.block else {
                match self.queue.blocking_recv() {
                    Some(Piece::Rows(block)) => self.block = Some(block),
                    Some(Piece::End) => self.ended = true,
                    None => return Err(ABANDONED.to_owned()),
                }
                continue;
            };
            let Some(bytes) = block.next_row() else {
                self.block = None;
                continue;
            };
            let bytes = if self.begun { bytes } else { after_header(bytes).map_err(|error| error.to_string())? };
            self.begun = true;
            if let Some(fields) = Fields::of(bytes).map_err(|error| error.to_string())? {
                write(fields, &self.columns, chunk, row)?;
                row += 1;
            }
        }
        Ok(row)
    }
}

/// What the statement says where the source has ended early; the source knows why.
pub(in crate::steps) const ABANDONED: &str = "the rows ended early";

fn write(mut fields: Fields<'_>, columns: &[Column], chunk: &mut FeedChunk<'_>, row: usize) -> Result<(), String> {
    if fields.len() != columns.len() {
        return Err(format!("a row has {} fields instead of {}", fields.len(), columns.len()));
    }
    for (column, target) in columns.iter().zip(chunk.columns()) {
        let field = fields.take().map_err(|error| error.to_string())?;
        decode(column.form(), field, target, row).map_err(|unfit| format!("column `{}`: {unfit}", column.name()))?;
    }
    Ok(())
}

//! One side of a relay alone: rows out of a server, in blocks of whole rows, for whoever takes them apart here.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio_util::io::poll_read_buf;

use crate::domain::failure::Side;
use crate::postgres::connect::Loan;
use crate::postgres::error::PgError;
use crate::postgres::session::Session;

use super::answer::{Answer, Direction, Shape};
use super::error::{lost, protocol};
use super::flow::Flow;
use super::nap::nap;
use super::pool::HEADER;
use super::transfer::{CLOSED, poll_say, wire};
use super::unpack::{LONGEST, length};

/// Size of a block, but for a row that is larger: enough rows that handing a block over costs nothing, few enough that
/// some of them stay in the processor's cache.
const BLOCK: usize = 256 * 1024;

/// Less room than this isn't read into: short reads cost as much as long ones.
const ROOM: usize = 32 * 1024;

/// What binary rows end with, as a message like a row.
const END_MARK: [u8; 2] = [0xff, 0xff];

/// A `COPY … TO STDOUT` that is read here.
pub struct CopyOut<'a> {
    loan: Loan,
    answer: Answer,
    flow: &'a Flow,
    doing: String,
    /// What is to be said.
    say: BytesMut,
    /// What was heard and isn't given out yet.
    heard: BytesMut,
    /// The whole rows at its beginning: their bytes, headers and all.
    whole: usize,
    /// Their number.
    rows: u64,
}

/// Some whole rows.
#[derive(Clone, Debug)]
pub struct Block {
    frames: Bytes,
    /// How much of it was taken.
    at: usize,
}

impl Block {
    /// Takes the next row: its bytes, as COPY writes them.
    pub fn next_row(&mut self) -> Option<&[u8]> {
        let rest = self.frames.get(self.at..)?;
        let row = rest.get(HEADER..length(rest).ok()?)?;
        self.at += HEADER + row.len();
        Some(row)
    }
}

impl<'a> CopyOut<'a> {
    /// Begins to read. The session may be within a transaction, and can be used as before once all was read and
    /// `finish` was called. Before that, or after an error, end it with `Session::stop`.
    pub async fn begin(
        session: &Session,
        statement: &str,
        doing: impl Into<String>,
        flow: &'a Flow,
    ) -> Result<Self, PgError> {
        let doing = doing.into();
        let loan = session.lend(&doing).await?;
        let mut say = BytesMut::new();
        frontend::query(statement, &mut say).map_err(|error| protocol(&doing, error.to_string()))?;
        let (heard, answer) = (BytesMut::with_capacity(BLOCK), Answer::default());
        Ok(Self { loan, answer, flow, doing, say, heard, whole: 0, rows: 0 })
    }

    /// The next rows; `None` after the last ones.
    pub async fn next(&mut self) -> Result<Option<Block>, PgError> {
        let next = poll_fn(|context| self.poll_next(context)).await;
        self.flow.go_on();
        next
    }

    /// Gives the connection back to its session, and says how many rows the server has sent by its own count.
    pub fn finish(self) -> Option<u64> {
        if self.answer.ready {
            self.loan.give_back();
        }
        self.answer.rows
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Block>, PgError>> {
        poll_say(&mut self.loan, &mut self.say, &self.doing, context)?;
        if !self.say.is_empty() {
            return Poll::Pending;
        }
        let mut moved = false;
        loop {
            if let Some(block) = self.take()? {
                return Poll::Ready(Ok(Some(block)));
            }
            if self.answer.ready {
                return Poll::Ready(Ok(None));
            }
            if self.heard.capacity() - self.heard.len() < ROOM {
                self.heard.reserve(BLOCK);
            }
            match poll_read_buf(Pin::new(wire(&mut self.loan, &self.doing)?), context, &mut self.heard) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(lost(&self.doing, CLOSED))),
                Poll::Ready(Ok(_)) => moved = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(lost(&self.doing, error.to_string()))),
                Poll::Pending => {
                    self.flow.wait_for(Side::Source);
                    if moved {
                        nap();
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Looks at what was heard, up to a block's worth of rows or all of it.
    fn take(&mut self) -> Result<Option<Block>, PgError> {
        loop {
            let rest = &self.heard[self.whole..];
            if rest.len() < HEADER {
                return Ok(None);
            }
            let length = length(rest).map_err(|error| protocol(&self.doing, error.to_string()))?;
            let (is_row, missing) = (rest[0] == b'd', length.saturating_sub(rest.len()));
            if !is_row && self.whole > 0 {
                return Ok(Some(self.cut()));
            }
            if missing > 0 {
                if !is_row && length > LONGEST {
                    return Err(protocol(&self.doing, "a message is too long"));
                }
                self.heard.reserve(missing);
                return Ok(None);
            }
            if is_row {
                let is_end = rest[HEADER..length] == END_MARK && self.answer.shape.is_some_and(Shape::is_binary);
                self.whole += length;
                self.rows += u64::from(!is_end);
                if self.whole >= BLOCK {
                    return Ok(Some(self.cut()));
                }
            } else {
                self.hear(length)?;
            }
        }
    }

    fn cut(&mut self) -> Block {
        let headers = usize::try_from(self.rows).unwrap_or(usize::MAX).saturating_mul(HEADER);
        self.flow.add(self.rows, self.whole.saturating_sub(headers) as u64);
        let frames = self.heard.split_to(self.whole).freeze();
        (self.whole, self.rows) = (0, 0);
        Block { frames, at: 0 }
    }

    fn hear(&mut self, length: usize) -> Result<(), PgError> {
        let mut message = self.heard.split_to(length);
        let message = Message::parse(&mut message).map_err(|error| protocol(&self.doing, error.to_string()))?;
        if let Some(message) = message {
            self.answer.take(message, Direction::Out, &self.doing)?;
        }
        self.answer.error.take().map_or(Ok(()), Err)
    }
}

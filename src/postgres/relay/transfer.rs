//! The moving of bytes, as one future: whatever can go on goes on, and otherwise both sockets are waited for at once.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::domain::failure::Side;
use crate::postgres::connect::{Loan, Wire};
use crate::postgres::error::PgError;

use super::answer::{Answer, Direction};
use super::error::{lost, protocol};
use super::flow::Flow;
use super::nap::nap;
use super::pool::{Buffer, Pool};
use super::run::Relayed;
use super::unpack::Unpacker;

/// What is being done on the source, for errors.
pub(super) const OUT: &str = "copying out of the source";

/// What is being done on the target, for errors.
pub(super) const INTO: &str = "copying into the target";

/// Said of a side that ends without a word.
pub(super) const CLOSED: &str = "the server closed the connection";

/// Why the moving ended early.
pub(super) struct Broken {
    pub(super) side: Side,
    pub(super) error: PgError,
}

/// Both sides, and what is between them.
pub(super) struct Transfer<'a> {
    pub(super) source: Outgoing,
    pub(super) target: Incoming,
    pub(super) pool: Pool,
    flow: &'a Flow,
    waiting: Option<Side>,
}

/// The side that rows come from.
pub(super) struct Outgoing {
    pub(super) loan: Loan,
    pub(super) answer: Answer,
    pub(super) unpacker: Unpacker,
    /// What is to be said to it.
    say: BytesMut,
}

/// The side that rows go to.
pub(super) struct Incoming {
    pub(super) loan: Loan,
    pub(super) answer: Answer,
    /// What it has said and is not understood yet.
    heard: BytesMut,
    /// What is to be said to it, apart from rows.
    pub(super) say: BytesMut,
    /// Whether it was told that there are no more rows, or that they can't be had.
    pub(super) told_end: bool,
}

impl<'a> Transfer<'a> {
    /// Both sides, before anything was said. The error is a statement that can't be sent.
    pub(super) fn new(source: (Loan, &str), target: (Loan, &str), flow: &'a Flow) -> Result<Self, Broken> {
        let query = |side, doing: &str, statement: &str| {
            let mut say = BytesMut::new();
            let sent = frontend::query(statement, &mut say);
            sent.map_err(|error| Broken { side, error: protocol(doing, error.to_string()) }).map(|()| say)
        };
        let ask_source = query(Side::Source, OUT, source.1)?;
        let ask_target = query(Side::Target, INTO, target.1)?;
        let answer = Answer::default();
        Ok(Self {
            source: Outgoing { loan: source.0, answer, unpacker: Unpacker::default(), say: ask_source },
            target: Incoming {
                loan: target.0,
                answer: Answer::default(),
                heard: BytesMut::new(),
                say: ask_target,
                told_end: false,
            },
            pool: Pool::default(),
            flow,
            waiting: None,
        })
    }

    /// Moves what can be moved, until both sides are done.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let of = |side| move |error| Broken { side, error };
        let mut moved = false;
        loop {
            let heard = self.target.poll_hear(context).map_err(of(Side::Target))?;
            let (rows, bytes) = (self.source.unpacker.rows, self.source.unpacker.bytes);
            let read = self.source.poll_read(&mut self.pool, context).map_err(of(Side::Source))?;
            self.flow.add(self.source.unpacker.rows.wrapping_sub(rows), self.source.unpacker.bytes - bytes);
            let wrote = self.poll_write(context).map_err(of(Side::Target))?;
            if self.target.is_done() && self.source.is_done() {
                return Poll::Ready(Ok(()));
            }
            if heard || read || wrote {
                self.waiting = None;
                moved = true;
                continue;
            }
            let blocked = !self.pool.is_empty() || !self.target.say.is_empty() || self.target.told_end;
            let side = if blocked || self.target.answer.shape.is_none() { Side::Target } else { Side::Source };
            if self.waiting != Some(side) {
                self.waiting = Some(side);
                self.flow.wait_for(side);
            }
            if moved {
                // Whatever comes meanwhile has us polled again at once.
                nap();
            }
            return Poll::Pending;
        }
    }

    /// Gives both connections back after all went well.
    pub(super) fn give_back(self) -> Relayed {
        let Self { source, target, .. } = self;
        source.loan.give_back();
        target.loan.give_back();
        let (read, written) = (source.answer.rows.unwrap_or(0), target.answer.rows.unwrap_or(0));
        Relayed { read, written, bytes: source.unpacker.bytes }
    }

    /// Sends what there is, and says whether anything went.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<bool, PgError> {
        let mut wrote = !self.target.say.is_empty();
        if !self.target.poll_say(context)? || !self.is_open()? {
            return Ok(wrote && self.target.say.is_empty());
        }
        while let Some(rows) = self.pool.sending() {
            match poll_write(&mut self.target.loan, rows, INTO, context)? {
                Some(count) => self.pool.sent(count),
                None => return Ok(wrote),
            }
            wrote = true;
        }
        if self.source.is_done() && !self.target.told_end {
            frontend::copy_done(&mut self.target.say);
            self.target.told_end = true;
            wrote = true;
        }
        self.target.poll_say(context)?;
        Ok(wrote)
    }

    /// Whether rows may be sent: both sides have begun, and mean the same.
    fn is_open(&self) -> Result<bool, PgError> {
        match (self.source.answer.shape, self.target.answer.shape) {
            (Some(source), Some(target)) if source == target => Ok(true),
            (Some(source), Some(target)) => {
                Err(protocol(INTO, format!("the source sends {source}, but the target takes {target}")))
            }
            _ => Ok(false),
        }
    }
}

impl Outgoing {
    /// Reads as much as the buffers take. Says whether anything came.
    pub(super) fn poll_read(&mut self, pool: &mut Pool, context: &mut Context<'_>) -> Result<bool, PgError> {
        poll_say(&mut self.loan, &mut self.say, OUT, context)?;
        let mut came = false;
        while !self.is_done()
            && let Some(buffer) = pool.filling()
        {
            let mut room = ReadBuf::new(buffer.room());
            match Pin::new(wire(&mut self.loan, OUT)?).poll_read(context, &mut room) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Err(lost(OUT, error.to_string())),
            }
            let count = room.filled().len();
            if count == 0 {
                return Err(lost(OUT, CLOSED));
            }
            buffer.filled += count;
            came = true;
            self.hear(buffer)?;
        }
        Ok(came)
    }

    /// Looks at what was read. An error is the source's own, or one of the protocol.
    pub(super) fn hear(&mut self, buffer: &mut Buffer) -> Result<(), PgError> {
        let broken = |error: io::Error| protocol(OUT, error.to_string());
        while let Some(message) = self.unpacker.next(buffer).map_err(broken)? {
            self.answer.take(message, Direction::Out, OUT)?;
            if let Some(error) = self.answer.error.take() {
                return Err(error);
            }
            if let Some(rows) = self.answer.rows {
                // The end of binary rows came as a message like a row.
                self.unpacker.rows = rows;
            }
        }
        Ok(())
    }

    /// Whether the source has nothing more to say.
    pub(super) const fn is_done(&self) -> bool {
        self.answer.ready && self.unpacker.at_end()
    }
}

impl Incoming {
    /// Hears what the target has to say. Says whether anything was heard; an error is the target's own, or one of the
    /// protocol.
    pub(super) fn poll_hear(&mut self, context: &mut Context<'_>) -> Result<bool, PgError> {
        let mut heard = false;
        while !self.is_done() {
            let broken = |error: io::Error| protocol(INTO, error.to_string());
            while let Some(message) = Message::parse(&mut self.heard).map_err(broken)? {
                self.answer.take(message, Direction::In, INTO)?;
                if let Some(error) = self.answer.error.take() {
                    return Err(error);
                }
            }
            if self.is_done() {
                break;
            }
            match poll_read_buf(Pin::new(wire(&mut self.loan, INTO)?), context, &mut self.heard) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(lost(INTO, CLOSED)),
                Poll::Ready(Ok(_)) => heard = true,
                Poll::Ready(Err(error)) => return Err(lost(INTO, error.to_string())),
            }
        }
        Ok(heard)
    }

    /// Sends what is to be said apart from rows. Says whether all of it has gone.
    pub(super) fn poll_say(&mut self, context: &mut Context<'_>) -> Result<bool, PgError> {
        poll_say(&mut self.loan, &mut self.say, INTO, context)
    }

    /// Whether the target has nothing more to say.
    pub(super) fn is_done(&self) -> bool {
        self.answer.ready && self.heard.is_empty()
    }
}

/// The stream of a loan, which is there until it is given back.
pub(super) fn wire<'a>(loan: &'a mut Loan, doing: &str) -> Result<&'a mut Wire, PgError> {
    loan.wire().ok_or_else(|| protocol(doing, "the connection was given back"))
}

/// Sends what is to be said. Says whether all of it has left us.
pub(super) fn poll_say(
    loan: &mut Loan,
    say: &mut BytesMut,
    doing: &str,
    context: &mut Context<'_>,
) -> Result<bool, PgError> {
    while !say.is_empty() {
        match poll_write(loan, say, doing, context)? {
            Some(count) => say.advance(count),
            None => return Ok(false),
        }
    }
    poll_flush(loan, doing, context)
}

/// How many bytes went, or `None` if none can go now.
fn poll_write(loan: &mut Loan, bytes: &[u8], doing: &str, context: &mut Context<'_>) -> Result<Option<usize>, PgError> {
    match Pin::new(wire(loan, doing)?).poll_write(context, bytes) {
        Poll::Pending => Ok(None),
        Poll::Ready(Ok(0)) => Err(lost(doing, CLOSED)),
        Poll::Ready(Ok(count)) => Ok(Some(count)),
        Poll::Ready(Err(error)) => Err(lost(doing, error.to_string())),
    }
}

/// Whether everything that was written has left us.
fn poll_flush(loan: &mut Loan, doing: &str, context: &mut Context<'_>) -> Result<bool, PgError> {
    match Pin::new(wire(loan, doing)?).poll_flush(context) {
        Poll::Pending => Ok(false),
        Poll::Ready(done) => done.map(|()| true).map_err(|error| lost(doing, error.to_string())),
    }
}

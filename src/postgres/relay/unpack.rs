//! What the source sends, taken apart: rows stay in the buffer, without their headers; anything else is a message.

use std::io;

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;

use super::pool::{Buffer, HEADER};

/// Longest message other than rows. Errors and notices quote statements and values; a longer one is no PostgreSQL.
pub(super) const LONGEST: usize = 64 * 1024 * 1024;

/// Where in the source's messages we are.
#[derive(Default)]
pub(super) struct Unpacker {
    /// How much of a row is still to come.
    left: usize,
    /// A message other than a row, as far as it has come.
    message: BytesMut,
    /// How much of that is still to come.
    missing: usize,
    /// Whether the buffer ends with the beginning of a header.
    begun: bool,
    /// Messages with rows so far.
    pub(super) rows: u64,
    /// Bytes of rows so far.
    pub(super) bytes: u64,
}

impl Unpacker {
    /// Looks at what was read into the buffer, up to a message that isn't a row, which is taken out and returned.
    /// `None`: all was looked at.
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> io::Result<Option<Message>> {
        if self.missing == 0 {
            self.close_gaps(buffer)?;
            let begun = buffer.filled - buffer.end;
            self.begun = begun > 0;
            if begun < HEADER {
                return Ok(None);
            }
            let length = length(&buffer.bytes[buffer.end..])?;
            if length > LONGEST {
                return Err(invalid("a message is too long"));
            }
            self.missing = length;
        }
        let part = self.missing.min(buffer.filled - buffer.end);
        let taken = buffer.end..buffer.end + part;
        self.message.extend_from_slice(&buffer.bytes[taken.clone()]);
        buffer.bytes.copy_within(taken.end..buffer.filled, taken.start);
        buffer.filled -= part;
        self.missing -= part;
        if self.missing > 0 {
            return Ok(None);
        }
        Message::parse(&mut self.message)
    }

    /// Whether no message is half read.
    pub(super) const fn at_end(&self) -> bool {
        self.left == 0 && self.missing == 0 && !self.begun
    }

    /// Moves the rows together, so that nothing is left of the headers between them.
    fn close_gaps(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        let Buffer { bytes, end, filled, .. } = buffer;
        let (mut to, mut from) = (*end, *end);
        let result = loop {
            if self.left > 0 {
                let part = self.left.min(*filled - from);
                if from != to {
                    bytes.copy_within(from..from + part, to);
                }
                (to, from, self.left) = (to + part, from + part, self.left - part);
                self.bytes += part as u64;
            }
            if *filled - from < HEADER || bytes[from] != b'd' {
                break Ok(());
            }
            match length(&bytes[from..]) {
                Ok(length) => self.left = length - HEADER,
                Err(error) => break Err(error),
            }
            self.rows += 1;
            from += HEADER;
        };
        bytes.copy_within(from..*filled, to);
        *filled = to + (*filled - from);
        *end = to;
        result
    }
}

/// Length of the message that begins here, all of it.
pub(super) fn length(bytes: &[u8]) -> io::Result<usize> {
    match bytes {
        [_, a, b, c, d, ..] => {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            if length < HEADER - 1 { Err(invalid("a message has an impossible length")) } else { Ok(length + 1) }
        }
        _ => Err(invalid("a message without a length")),
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

//! What a server has answered to its COPY so far.

use std::fmt;

use postgres_protocol::message::backend::Message;
use tokio_postgres::fallible_iterator::FallibleIterator as _;

use crate::postgres::error::PgError;

use super::error::{of_server, protocol};

/// One side's answer.
#[derive(Default)]
pub(super) struct Answer {
    /// What is copied, once COPY has begun.
    pub(super) shape: Option<Shape>,
    /// How many rows it was, once COPY has ended.
    pub(super) rows: Option<u64>,
    /// What went wrong.
    pub(super) error: Option<PgError>,
    /// Whether the server waits for the next statement.
    pub(super) ready: bool,
}

/// What both sides must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// 0: text, 1: binary.
    pub(super) format: u8,
    pub(super) columns: usize,
}

impl Shape {
    /// Whether rows are in COPY's binary form.
    pub(super) const fn is_binary(self) -> bool {
        self.format == 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.format == 0 { "text" } else { "binary" };
        write!(f, "{} columns in {format}", self.columns)
    }
}

/// The direction of a COPY.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Out,
    In,
}

impl Answer {
    /// Takes the server's next message. An error is one of the protocol: the server's own errors are kept as its answer.
    pub(super) fn take(&mut self, message: Message, direction: Direction, doing: &str) -> Result<(), PgError> {
        let unexpected = || Err(protocol(doing, "the statement is not a COPY in the right direction"));
        match message {
            Message::CopyOutResponse(body) if direction == Direction::Out => {
                let columns = body.column_formats().count().unwrap_or(0);
                self.shape = Some(Shape { format: body.format(), columns });
            }
            Message::CopyInResponse(body) if direction == Direction::In => {
                let columns = body.column_formats().count().unwrap_or(0);
                self.shape = Some(Shape { format: body.format(), columns });
            }
            Message::CommandComplete(body) => {
                let count = body.tag().ok().and_then(|tag| tag.strip_prefix("COPY ")?.parse().ok());
                if self.shape.is_none() || count.is_none() {
                    return unexpected();
                }
                self.rows = count;
            }
            Message::ErrorResponse(body) => {
                // The first is the cause; one that follows is about its clean-up.
                self.error.get_or_insert_with(|| of_server(doing, &body));
            }
            Message::ReadyForQuery(_) => self.ready = true,
            Message::CopyDone
            | Message::NoticeResponse(_)
            | Message::NotificationResponse(_)
            | Message::ParameterStatus(_) => {}
            _ => return unexpected(),
        }
        Ok(())
    }
}

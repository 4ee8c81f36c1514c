//! What a relay says when it breaks, in the words of the sides.

use std::fmt;

use postgres_protocol::message::backend::ErrorResponseBody;
use tokio_postgres::fallible_iterator::FallibleIterator as _;

use crate::domain::failure::Side;
use crate::postgres::error::{PgError, PgErrorKind};

/// What broke: at least one side.
#[derive(Clone, Debug)]
pub struct RelayError {
    /// What happened to the source, if it failed.
    pub source: Option<PgError>,
    /// What happened to the target, if it failed.
    pub target: Option<PgError>,
    /// The side that failed first, and so was the cause.
    pub first: Side,
}

impl RelayError {
    /// The failure of one side, and what is known of the other's.
    pub(super) fn of(first: Side, error: PgError, other: Option<PgError>) -> Self {
        let (source, target) = match first {
            Side::Source => (Some(error), other),
            _ => (other, Some(error)),
        };
        Self { source, target, first }
    }
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = match self.first {
            Side::Source => (&self.source, &self.target),
            _ => (&self.target, &self.source),
        };
        let mut between = "";
        for error in [first, second].into_iter().flatten() {
            write!(f, "{between}{error}")?;
            between = "; then the other side failed too: ";
        }
        Ok(())
    }
}

impl std::error::Error for RelayError {}

/// The same error that the driver would make of a server's answer.
pub(super) fn of_server(doing: &str, body: &ErrorResponseBody) -> PgError {
    let mut error = PgError::without_server(doing, "", PgErrorKind::Server);
    let mut fields = body.fields();
    // A field that can't be read ends them; what was read before still counts.
    while let Ok(Some(field)) = fields.next() {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'M' => error.message = text,
            b'C' => error.sqlstate = Some(text),
            b'D' => error.detail = Some(text),
            b'H' => error.hint = Some(text),
            b'W' => error.context = Some(text),
            b'P' => error.position = text.parse().ok(),
            _ => {}
        }
    }
    error
}

/// A connection that broke.
pub(super) fn lost(doing: &str, message: impl Into<String>) -> PgError {
    PgError::without_server(doing, message, PgErrorKind::Lost)
}

/// A peer that doesn't keep to the protocol, or a statement that is no COPY of the right direction.
pub(super) fn protocol(doing: &str, message: impl Into<String>) -> PgError {
    PgError::without_server(doing, message, PgErrorKind::Driver)
}

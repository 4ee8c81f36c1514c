//! PostgreSQL's errors: the server's own words, and the class that decides about a retry.

use std::error::Error as _;

use tokio_postgres::error::ErrorPosition;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};

/// An error of a PostgreSQL session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {message}")]
pub struct PgError {
    /// What was being done, a lowercase fragment: `copying out of "orders"`.
    pub doing: String,
    /// The server's message, or the driver's where the server said nothing.
    pub message: String,
    /// The server's five-character code.
    pub sqlstate: Option<String>,
    /// The server's DETAIL.
    pub detail: Option<String>,
    /// The server's HINT.
    pub hint: Option<String>,
    /// The server's CONTEXT, for example the line of a COPY.
    pub context: Option<String>,
    /// Where in the statement, in characters from one.
    pub position: Option<u32>,
    /// The line of the statement that the position is on, and a caret below it.
    pub excerpt: Option<String>,
    /// What kind it is where there is no SQLSTATE.
    pub kind: PgErrorKind,
}

/// What happened where no server gave an SQLSTATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PgErrorKind {
    /// The server answered; SQLSTATE says the rest.
    Server,
    /// No connection could be made.
    Unreachable,
    /// TLS could not be agreed on.
    Tls,
    /// The settings of the connection are wrong, or a password is missing.
    Settings,
    /// The connection broke.
    Lost,
    /// Something hangs on a table, or it is not of a kind that can be replaced.
    Blocked,
    /// The columns that come can't be those of a table here.
    Shape,
    /// What was looked at a while ago has been changed by somebody else meanwhile.
    Changed,
    /// The driver was used wrongly, or the peer doesn't keep to the protocol.
    Driver,
}

impl PgError {
    /// An error of the driver, with what was being done.
    pub fn new(doing: impl Into<String>, error: &tokio_postgres::Error) -> Self {
        let doing = doing.into();
        if let Some(server) = error.as_db_error() {
            return Self {
                doing,
                message: server.message().to_owned(),
                sqlstate: Some(server.code().code().to_owned()),
                detail: server.detail().map(str::to_owned),
                hint: server.hint().map(str::to_owned),
                context: server.where_().map(str::to_owned),
                position: match server.position() {
                    Some(ErrorPosition::Original(position)) => Some(*position),
                    _ => None,
                },
                excerpt: None,
                kind: PgErrorKind::Server,
            };
        }
        let text = error.to_string();
        let message = match error.source() {
            Some(source) => format!("{text}: {}", innermost(source)),
            None => text,
        };
        Self::without_server(doing, message, kind_of(error))
    }

    /// An error of a connection attempt: whatever breaks then, the server is unreachable rather than lost.
    pub(super) fn connecting(doing: impl Into<String>, error: &tokio_postgres::Error) -> Self {
        let mut told = Self::new(doing, error);
        if told.kind == PgErrorKind::Lost {
            told.kind = PgErrorKind::Unreachable;
        }
        told
    }

    /// An error that no server spoke of.
    pub fn without_server(doing: impl Into<String>, message: impl Into<String>, kind: PgErrorKind) -> Self {
        let (doing, message) = (doing.into(), message.into());
        Self {
            doing,
            message,
            sqlstate: None,
            detail: None,
            hint: None,
            context: None,
            position: None,
            excerpt: None,
            kind,
        }
    }

    /// The same error with the line of the statement that its position is on.
    #[must_use]
    pub fn points_at(mut self, statement: &str) -> Self {
        self.excerpt = self.position.and_then(|position| excerpt(statement, position));
        self
    }

    /// The same error with other names in it: each first one, wherever it stands, becomes the second.
    #[must_use]
    pub fn renamed(mut self, names: &[(&str, &str)]) -> Self {
        let own = |text: &String| names.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
        self.message = own(&self.message);
        self.doing = own(&self.doing);
        self.detail = self.detail.as_ref().map(own);
        self.context = self.context.as_ref().map(own);
        self
    }

    /// Whether the server gave this SQLSTATE.
    pub fn is(&self, sqlstate: &str) -> bool {
        self.sqlstate.as_deref() == Some(sqlstate)
    }

    /// The failure of a step on that side.
    pub fn on(self, side: Side) -> Failure {
        let (code, class, advice) = match self.sqlstate.as_deref() {
            Some(sqlstate) => of_sqlstate(sqlstate),
            None => of_kind(self.kind),
        };
        let mut message = self.to_string();
        for (label, text) in [("detail", &self.detail), ("context", &self.context)] {
            if let Some(text) = text {
                message = format!("{message}; {label}: {text}");
            }
        }
        let hint = self.hint.or_else(|| advice.map(str::to_owned));
        Failure {
            code,
            class,
            side,
            message,
            sqlstate: self.sqlstate,
            excerpt: self.excerpt,
            hint,
            retry_after_s: None,
        }
    }
}

/// Characters of a line that is shown. A longer one is not cut: half a secret would not be known as one.
const LINE: usize = 400;

/// The line that a position (in characters, from one) is on, and a caret below it.
fn excerpt(statement: &str, position: u32) -> Option<String> {
    let place = (position as usize).checked_sub(1)?;
    let characters: Vec<char> = statement.chars().collect();
    let start = characters.get(..place)?.iter().rposition(|one| *one == '\n').map_or(0, |at| at + 1);
    let end = characters[place..].iter().position(|one| *one == '\n').map_or(characters.len(), |at| place + at);
    if end - start > LINE {
        return None;
    }
    let line: String = characters[start..end].iter().collect();
    // Tabs stay tabs, and what is twice as wide gets two blanks, so that the caret stands below its place.
    let blanks = characters[start..place].iter().map(|one| match one {
        '\t' => "\t",
        one if *one >= '\u{1100}' => "  ",
        _ => " ",
    });
    Some(format!("{line}\n{}^", blanks.collect::<String>()))
}

/// What kind of error it is where no server spoke. The driver keeps its own kinds to itself but for their words: those
/// are the last resort, where neither a predicate nor the type of the cause says it.
fn kind_of(error: &tokio_postgres::Error) -> PgErrorKind {
    if error.is_closed() {
        return PgErrorKind::Lost;
    }
    if let Some(cause) = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()) {
        let tls = cause.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
        return if tls { PgErrorKind::Tls } else { PgErrorKind::Lost };
    }
    match error.to_string().as_str() {
        "error performing TLS handshake" => PgErrorKind::Tls,
        "authentication error" | "invalid connection string" | "invalid configuration" => PgErrorKind::Settings,
        "timeout waiting for server" => PgErrorKind::Lost,
        _ => PgErrorKind::Driver,
    }
}

fn innermost<'a>(mut error: &'a (dyn std::error::Error + 'static)) -> &'a dyn std::error::Error {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

type Class = (Code, FailureClass, Option<&'static str>);

/// Code, class and advice of an SQLSTATE (PostgreSQL's appendix A; the transient ones are design section 5's).
fn of_sqlstate(sqlstate: &str) -> Class {
    use FailureClass::{Permanent, Transient};
    match sqlstate {
        "40P01" | "40001" => (Code::PostgresConflict, Transient, None),
        "55P03" => (Code::PostgresLock, Transient, Some("another session holds the lock; see pg_locks")),
        "53300" | "57P03" => (Code::PostgresBusy, Transient, None),
        "57P01" | "57P02" | "57P05" => (Code::PostgresConnectionLost, Transient, None),
        "57014" => (Code::PostgresCancelled, Permanent, Some("somebody or statement_timeout cancelled the statement")),
        "42501" => (Code::PostgresPrivilege, Permanent, Some("grant the privilege to the user of this connection")),
        "28000" | "28P01" | "3D000" => {
            (Code::PostgresLogin, Permanent, Some("check user, password and database of the connection"))
        }
        "2BP01" => (Code::SwapBlocked, Permanent, None),
        _ => match sqlstate.get(..2).unwrap_or_default() {
            "08" => (Code::PostgresConnectionLost, Transient, None),
            "40" => (Code::PostgresConflict, Transient, None),
            "53" | "58" => (Code::PostgresResources, Transient, None),
            "42" | "26" | "34" | "3F" => (Code::PostgresStatement, Permanent, None),
            "21" | "22" | "23" | "44" => (Code::PostgresData, Permanent, None),
            _ => (Code::PostgresOther, Permanent, None),
        },
    }
}

/// Code, class and advice where no server answered.
const fn of_kind(kind: PgErrorKind) -> Class {
    match kind {
        PgErrorKind::Server => (Code::PostgresOther, FailureClass::Permanent, None),
        PgErrorKind::Unreachable => (
            Code::PostgresUnreachable,
            FailureClass::Transient,
            Some("check host and port, and that the server is running"),
        ),
        PgErrorKind::Tls => (
            Code::PostgresTls,
            FailureClass::Permanent,
            Some("check sslmode: the server and the connection must agree on TLS"),
        ),
        PgErrorKind::Settings => {
            (Code::PostgresLogin, FailureClass::Permanent, Some("check the connection's url and password_file"))
        }
        PgErrorKind::Lost => (Code::PostgresConnectionLost, FailureClass::Transient, None),
        PgErrorKind::Blocked => (Code::SwapBlocked, FailureClass::Permanent, None),
        PgErrorKind::Shape => (Code::CopyShape, FailureClass::Permanent, None),
        PgErrorKind::Changed => (Code::PostgresConflict, FailureClass::Transient, None),
        PgErrorKind::Driver => (Code::Bug, FailureClass::Bug, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_the_line_with_a_caret_below_the_place() {
        assert_eq!(excerpt("select 1\n  from 주문 x\n", 20).unwrap(), "  from 주문 x\n            ^");
        assert_eq!(excerpt("select a", 8).unwrap(), "select a\n       ^");
        assert_eq!((excerpt("a", 0), excerpt("a", 9)), (None, None));
    }

    #[test]
    fn every_sqlstate_of_the_design_has_its_class() {
        let transient = ["08006", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P02", "57P03", "58030"];
        let permanent = ["42601", "42P01", "42703", "42501", "22P02", "23505", "28P01", "57014", "0A000", "XX000"];
        for sqlstate in transient {
            assert_eq!(of_sqlstate(sqlstate).1, FailureClass::Transient, "{sqlstate}");
        }
        for sqlstate in permanent {
            assert_eq!(of_sqlstate(sqlstate).1, FailureClass::Permanent, "{sqlstate}");
        }
    }
}

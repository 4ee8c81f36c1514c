//! What can go wrong with a request, and the class that decides about a retry.

use std::time::Duration;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};

/// An error of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {message}")]
pub struct FetchError {
    /// The request: `GET https://example.org/symbols`.
    pub doing: String,
    /// What happened, with the server's own words where it said any.
    pub message: String,
    /// What kind of error it is.
    pub kind: FetchErrorKind,
    /// What to do next.
    pub hint: Option<String>,
    /// The pause that the server asked for.
    pub retry_after: Option<Duration>,
    /// By how many seconds the server's clock is ahead of ours (behind, if negative), where it refused us and that may
    /// be why.
    pub server_ahead_s: Option<i64>,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchErrorKind {
    /// The request can't be sent as it is written: its address, a header.
    Request,
    /// The server can't be reached.
    Unreachable,
    /// TLS could not be agreed on.
    Tls,
    /// The connection broke, or went silent, before all of the answer was there.
    BrokeOff,
    /// The server answered with this status.
    Status(u16),
    /// It redirects in circles, or to where it should not be followed.
    Redirect,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is not what was promised.
    Format,
    /// The body can't be written to disk.
    Disk,
    /// The disk is full.
    DiskFull,
}

impl FetchError {
    /// An error of that kind.
    pub(super) fn new(doing: impl Into<String>, kind: FetchErrorKind, message: impl Into<String>) -> Self {
        Self { doing: doing.into(), message: message.into(), kind, hint: None, retry_after: None, server_ahead_s: None }
    }

    /// An error of the HTTP library.
    pub(super) fn of_client(doing: impl Into<String>, error: reqwest::Error) -> Self {
        // The request is named by ourselves, without its secrets.
        let error = error.without_url();
        let cause = innermost(&error);
        let doing = doing.into();
        if error.is_builder() {
            return Self::new(doing, FetchErrorKind::Request, cause);
        }
        if error.is_connect() {
            let kind = if cause.contains("certificate") || cause.contains("handshake") || cause.contains("TLS") {
                FetchErrorKind::Tls
            } else {
                FetchErrorKind::Unreachable
            };
            let message = if error.is_timeout() { "no connection in time".to_owned() } else { cause };
            return Self::new(doing, kind, format!("connecting: {message}"));
        }
        let message = if error.is_timeout() { "nothing came for too long".to_owned() } else { cause };
        Self::new(doing, FetchErrorKind::BrokeOff, message)
    }

    /// An error of the local disk.
    pub(super) fn of_disk(doing: impl Into<String>, error: &std::io::Error) -> Self {
        let full = matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
        let kind = if full { FetchErrorKind::DiskFull } else { FetchErrorKind::Disk };
        Self::new(doing, kind, format!("writing the body to the spool folder: {error}"))
    }

    /// The same error with what to do next.
    pub(super) fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it is certain that the server has not done what it was asked.
    pub const fn was_not_taken(&self) -> bool {
        use FetchErrorKind::{Request, Status, Tls, Unreachable};
        match self.kind {
            Request | Unreachable | Tls | Status(425 | 429) => true,
            Status(503) => self.retry_after.is_some(),
            _ => false,
        }
    }

    /// The failure of a step that reads from there.
    pub fn failure(self) -> Failure {
        use FailureClass::{Permanent, Transient};
        let (code, class, side, advice) = match self.kind {
            FetchErrorKind::Request => {
                (Code::HttpUnreachable, Permanent, Side::Internal, Some("check the request's url, headers and body"))
            }
            FetchErrorKind::Unreachable => (
                Code::HttpUnreachable,
                Transient,
                Side::Source,
                Some("check host and port, and that this machine may reach them"),
            ),
            FetchErrorKind::Tls => (
                Code::HttpUnreachable,
                Permanent,
                Side::Source,
                Some("the server's certificate must be trusted by this machine and name its host"),
            ),
            FetchErrorKind::BrokeOff => (Code::HttpUnreachable, Transient, Side::Source, None),
            FetchErrorKind::Status(status) if is_transient(status) => (Code::HttpStatus, Transient, Side::Source, None),
            FetchErrorKind::Status(_) | FetchErrorKind::Redirect => (Code::HttpStatus, Permanent, Side::Source, None),
            FetchErrorKind::TooLarge => (Code::BodyTooLarge, Permanent, Side::Source, None),
            FetchErrorKind::Format => (Code::BodyFormat, Permanent, Side::Source, None),
            FetchErrorKind::Disk => (Code::LocalFile, Permanent, Side::Internal, Some("check the folder `spool`")),
            FetchErrorKind::DiskFull => {
                (Code::DiskFull, Transient, Side::Internal, Some("free some space where data_dir is"))
            }
        };
        let mut failure = Failure::new(code, class, side, self.to_string());
        failure.hint = self.hint.or_else(|| advice.map(str::to_owned));
        match self.retry_after {
            Some(pause) if class == Transient => failure.with_retry_after(pause),
            _ => failure,
        }
    }
}

/// Statuses that may be others the next time.
pub(super) const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// What is at the bottom of it: the layers above only say that something failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

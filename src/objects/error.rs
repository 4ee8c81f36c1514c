//! What can go wrong with an object store, and the class that decides about a retry.

use object_store::client::{HttpError, HttpErrorKind};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};

/// How much of a store's answer is shown, in characters.
const SHOWN: usize = 300;

/// An error of an object store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {message}")]
pub struct ObjectError {
    /// What was being done: `uploading s3://bucket/stock.db`.
    pub doing: String,
    /// What happened, with the store's own words.
    pub message: String,
    /// What kind of error it is.
    pub kind: ObjectErrorKind,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectErrorKind {
    /// The store can't be reached, broke off or went silent.
    Unreachable,
    /// The store answered with this status, and may answer otherwise the next time.
    Busy(u16),
    /// It doesn't accept who we are, or what we may do.
    Denied,
    /// There is no such bucket.
    NoBucket,
    /// There is no such object.
    Missing,
    /// There is such an object already, or it is not the one that was seen before.
    Conflict,
    /// The store answered with this status, and will again.
    Status(u16),
    /// It is not set up so that it could be asked: an endpoint, a key file.
    Setup,
    /// The store or its protocol can't do that.
    NotSupported,
    /// The local file can't be read, or is not what it was.
    File,
    /// What the store has is not what was sent.
    Differs,
    /// The caller stopped it.
    Stopped,
}

impl ObjectError {
    /// An error of that kind.
    pub(super) fn new(doing: impl Into<String>, kind: ObjectErrorKind, message: impl Into<String>) -> Self {
        Self { doing: doing.into(), message: message.into(), kind }
    }

    /// An error of the library.
    pub(super) fn of_store(doing: impl Into<String>, error: &object_store::Error) -> Self {
        use object_store::Error;
        let answer = answer_in(&error.to_string());
        let kind = match error {
            Error::NotSupported { .. } | Error::NotImplemented { .. } => ObjectErrorKind::NotSupported,
            Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotModified { .. } => {
                ObjectErrorKind::Conflict
            }
            Error::InvalidPath { .. } | Error::UnknownConfigurationKey { .. } => ObjectErrorKind::Setup,
            _ => match (&answer, transport_in(error)) {
                (Some(answer), _) => kind_of(answer),
                (None, Some(_)) => ObjectErrorKind::Unreachable,
                (None, None) => match error {
                    Error::NotFound { .. } => ObjectErrorKind::Missing,
                    Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ObjectErrorKind::Denied,
                    _ => ObjectErrorKind::Setup,
                },
            },
        };
        let message = match (answer, transport_in(error)) {
            (Some(answer), _) => format!("the store answered {}", answer.words()),
            (None, Some(transport)) => transport,
            (None, None) => match error {
                Error::Generic { source, .. } => shortened(&source.to_string()),
                other => shortened(&other.to_string()),
            },
        };
        Self::new(doing, kind, message)
    }

    /// An error that a store answered to a request of our own.
    pub(super) fn of_answer(doing: impl Into<String>, status: u16, line: &str, body: &str) -> Self {
        let answer = Answer::of(status, line, body);
        Self::new(doing, kind_of(&answer), format!("the store answered {}", answer.words()))
    }

    /// The failure of a step that writes there.
    pub fn failure(self) -> Failure {
        use FailureClass::{Cancelled, Permanent, Transient};
        if self.kind == ObjectErrorKind::Stopped {
            return Failure::stopped();
        }
        let (code, class, hint) = match self.kind {
            ObjectErrorKind::Unreachable => (
                Code::StoreUnreachable,
                Transient,
                "check `objects` in windlass.yaml, and that this machine may reach it",
            ),
            ObjectErrorKind::Busy(_) => (Code::StoreUnreachable, Transient, ""),
            ObjectErrorKind::Denied => (
                Code::StoreRefused,
                Permanent,
                "check the credentials and what they allow: the objects' get, put, delete, and the bucket's list",
            ),
            ObjectErrorKind::NoBucket => {
                (Code::StoreRefused, Permanent, "make the bucket first, and check region and endpoint")
            }
            ObjectErrorKind::Setup => (Code::StoreRefused, Permanent, "check `objects` in windlass.yaml"),
            ObjectErrorKind::File => (Code::LocalFile, Permanent, "the file must stay as it is until it is uploaded"),
            ObjectErrorKind::Missing | ObjectErrorKind::Conflict | ObjectErrorKind::Differs => {
                (Code::StoreUnreachable, Transient, "somebody else may write to the same address")
            }
            ObjectErrorKind::Status(_) | ObjectErrorKind::NotSupported => (Code::StoreRefused, Permanent, ""),
            ObjectErrorKind::Stopped => (Code::Cancelled, Cancelled, ""),
        };
        let side = if self.kind == ObjectErrorKind::File { Side::Internal } else { Side::Target };
        let failure = Failure::new(code, class, side, self.to_string());
        if hint.is_empty() { failure } else { failure.with_hint(hint) }
    }
}

/// A store's answer that was no success.
struct Answer {
    status: u16,
    /// The status in words: `403 Forbidden`.
    line: String,
    /// The store's own code: `NoSuchBucket`.
    code: Option<String>,
    /// The rest of what it said.
    message: String,
}

impl Answer {
    fn of(status: u16, line: &str, body: &str) -> Self {
        let element = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
        };
        let code = element("Code");
        let message =
            element("Message").unwrap_or_else(|| if code.is_some() { String::new() } else { body.to_owned() });
        Self { status, line: line.trim().to_owned(), code, message: one_line(&message) }
    }

    fn words(&self) -> String {
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(": {code}"));
        let message = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        shortened(&format!("{}{code}{message}", self.line))
    }
}

fn kind_of(answer: &Answer) -> ObjectErrorKind {
    match (answer.status, answer.code.as_deref()) {
        (_, Some("NoSuchBucket" | "ContainerNotFound" | "InvalidBucketName")) => ObjectErrorKind::NoBucket,
        // The clock is off, or the request waited too long to be sent.
        (403, Some("RequestTimeTooSkewed")) => ObjectErrorKind::Busy(403),
        (401 | 403, _) => ObjectErrorKind::Denied,
        (404, _) => ObjectErrorKind::Missing,
        (409 | 412, _) => ObjectErrorKind::Conflict,
        (501, _) => ObjectErrorKind::NotSupported,
        (status @ (408 | 425 | 429 | 500..=599), _) => ObjectErrorKind::Busy(status),
        (status, _) => ObjectErrorKind::Status(status),
    }
}

/// The answer in a message of the library, which has no other way to hand it out.
fn answer_in(text: &str) -> Option<Answer> {
    const BEFORE: &str = "status code: ";
    let rest = &text[text.find(BEFORE)? + BEFORE.len()..];
    let (line, body) = rest.split_once(": ").unwrap_or((rest, ""));
    let status = line.split(' ').next()?.parse().ok()?;
    Some(Answer::of(status, line, body))
}

/// What broke beneath HTTP, if that is the error.
fn transport_in(error: &object_store::Error) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(http) = current.downcast_ref::<HttpError>() {
            let words = match http.kind() {
                HttpErrorKind::Timeout => "no answer in time",
                HttpErrorKind::Connect => "connecting",
                HttpErrorKind::Decode => "the answer can't be read",
                _ => "the connection broke off",
            };
            return Some(format!("{words}: {}", shortened(&innermost(http))));
        }
        cause = current.source();
    }
    None
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: &str, body: &str) -> (ObjectErrorKind, String) {
        let text =
            format!("Error performing PUT http://h/b/k in 3ms - Server returned non-2xx status code: {status}: {body}");
        let error = object_store::Error::Generic { store: "S3", source: text.into() };
        let error = ObjectError::of_store("putting k", &error);
        (error.kind, error.message)
    }

    #[test]
    fn answers_have_a_kind_and_words() {
        let body = "<Error><Code>NoSuchBucket</Code><Message>The bucket does not exist</Message></Error>";
        let says = "the store answered 404 Not Found: NoSuchBucket: The bucket does not exist";
        assert_eq!(kind("404 Not Found", body), (ObjectErrorKind::NoBucket, says.to_owned()));
        assert_eq!(kind("404 Not Found", "").0, ObjectErrorKind::Missing);
        assert_eq!(kind("403 Forbidden", "<Code>InvalidAccessKeyId</Code>").0, ObjectErrorKind::Denied);
        assert_eq!(kind("403 Forbidden", "<Code>RequestTimeTooSkewed</Code>").0, ObjectErrorKind::Busy(403));
        assert_eq!(kind("503 Service Unavailable", "SlowDown").0, ObjectErrorKind::Busy(503));
        assert_eq!(kind("429 Too Many Requests", "").0, ObjectErrorKind::Busy(429));
        assert_eq!(kind("501 Not Implemented", "").0, ObjectErrorKind::NotSupported);
        assert_eq!(kind("400 Bad Request", "odd").1, "the store answered 400 Bad Request: odd");
    }

    #[test]
    fn classes_follow_from_the_kind() {
        let class = |kind| ObjectError::new("putting", kind, "no").failure().class;
        assert_eq!(class(ObjectErrorKind::Unreachable), FailureClass::Transient);
        assert_eq!(class(ObjectErrorKind::Busy(503)), FailureClass::Transient);
        assert_eq!(class(ObjectErrorKind::Denied), FailureClass::Permanent);
        assert_eq!(class(ObjectErrorKind::NoBucket), FailureClass::Permanent);
        assert_eq!(class(ObjectErrorKind::Stopped), FailureClass::Cancelled);
    }
}

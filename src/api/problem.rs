//! What an answer says when something can't be done: `application/problem+json` (RFC 9457) with a stable code.
//!
//! A problem carries the code, a message and a hint. What a database said is not repeated to whoever asks: it is logged,
//! and the answer says which code to look up.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::code::Code;
use crate::domain::failure::Failure;
use crate::store::StoreError;

/// Seconds after which it is worth asking again when the state database is away.
const ASK_AGAIN: u64 = 5;

/// Why a request was not done.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Where the code's page is, relative to this server.
    #[serde(rename = "type")]
    page: String,
    /// The code's meaning, the same each time.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was wrong this time.
    detail: String,
    /// The stable code.
    code: Code,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Seconds to wait before asking again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self {
            page: format!("/errors/{code}"),
            title: code.title(),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            hint: None,
            retry_after: None,
        }
    }

    /// A problem with the status that goes with its code.
    pub fn from_code(code: Code, detail: impl Into<String>) -> Self {
        Self::new(status_of(code), code, detail)
    }

    /// The same with what can be done about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same with the time after which asking again makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The state database was never reached, or is away.
    pub fn state_away() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::StateUnavailable, "the state database can't be reached now")
            .with_hint("ask again in a few seconds; /readyz says what is in the way")
            .retry_after(ASK_AGAIN)
    }

    /// There is nothing at this path.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, "there is nothing at this path")
            .with_hint("/api/v1/openapi.json lists what there is")
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What was wrong this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The status that goes with a failure of something that somebody asked for.
const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict | Code::ReplicaCheck => StatusCode::CONFLICT,
        Code::Request => StatusCode::BAD_REQUEST,
        Code::NotSignedIn => StatusCode::UNAUTHORIZED,
        Code::NotAllowed | Code::ForeignRequest => StatusCode::FORBIDDEN,
        Code::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
        Code::Parameter | Code::IdempotencyKey | Code::Template | Code::JobFile => StatusCode::UNPROCESSABLE_ENTITY,
        Code::StateUnavailable | Code::PostgresBusy | Code::PostgresUnreachable | Code::PostgresConnectionLost => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = status_of(failure.code);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(error = %failure.message, "answering a request");
                Self::state_away()
            }
            StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(error = %failure.message, code = %failure.code, "answering a request");
                Self::new(status, failure.code, "the daemon could not do this; its log says more")
            }
            _ => Self { hint: failure.hint, ..Self::new(status, failure.code, failure.message) },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        error.failure().into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status(), kind, body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

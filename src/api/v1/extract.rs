//! What handlers take from a request. What can't be read is a problem that says what.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::backend::Backend;
use crate::api::problem::Problem;
use crate::api::serve::ApiState;
use crate::domain::code::Code;
use crate::domain::failure::Failure;

/// The name in a path: of a job, a run, a code.
pub(super) struct Named(pub(super) String);

/// The query.
pub(super) struct Asked<T>(pub(super) T);

/// The body; an empty one stands for all defaults.
pub(super) struct Body<T>(pub(super) T);

impl FromRequestParts<ApiState> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(name) = path.map_err(|error| unreadable(error.body_text()))?;
        clean(&name).then_some(Self(name)).ok_or_else(|| unreadable("a name can't hold a zero byte"))
    }
}

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(unreadable("a query can't hold a zero byte"));
        }
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|error| unreadable(error.body_text()))
    }
}

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Problem::new(error.status(), Code::Request, error.body_text()))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            let detail = "the body must be JSON, and the header `Content-Type: application/json` say so";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Request, detail));
        }
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| unreadable(format!("the body is no JSON that can be read: {error}")))?;
        if !clean_value(&value) {
            return Err(unreadable("a text can't hold a zero byte"));
        }
        // A list would be taken for the fields in their order.
        if !value.is_object() {
            return Err(unfit("the body must be a JSON object"));
        }
        serde_json::from_value(value).map(Self).map_err(|error| unfit(format!("the body doesn't fit: {error}")))
    }
}

impl FromRequestParts<ApiState> for Backend {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        state.backend().ok_or_else(Problem::state_away)
    }
}

/// A request that can't be read.
pub(super) fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::from_code(Code::Request, detail)
}

/// A body that can be read, and says what it can't.
pub(super) fn unfit(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Request, detail)
}

/// A query of which a part doesn't say what it should.
pub(super) fn misread(failure: Failure) -> Problem {
    let problem = unreadable(failure.message);
    match failure.hint {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    }
}

/// A number of things to list, if it is one that is allowed.
pub(super) fn limit(asked: Option<u32>, default: u32, most: u32) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(default);
    let wrong = || unreadable(format!("`limit` must be at least 1 and at most {most}"));
    (1..=most).contains(&limit).then_some(limit).ok_or_else(wrong)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// Whether PostgreSQL can keep a text: it knows no zero byte.
fn clean(text: &str) -> bool {
    !text.contains('\0')
}

fn clean_value(value: &Value) -> bool {
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().all(clean_value),
        Value::Object(entries) => entries.iter().all(|(name, value)| clean(name) && clean_value(value)),
        _ => true,
    }
}

//! Pages for what can't be shown: nothing there, the state database away, a defect.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::layout::{Place, page};
use super::links;
use super::view::View;
use crate::domain::code::Code;
use crate::store::StoreError;

/// Why a page can't be shown.
#[derive(Clone, Debug)]
pub(super) enum Problem {
    /// No page has this address.
    NothingHere,
    /// What the address names isn't there: what kind of thing, which one.
    Unknown(&'static str, String),
    /// The state database is away: what is known of it.
    Away(String),
    /// Too many pages are watched live.
    TooMany,
    /// Whoever asks may not: with which status, and why.
    Refused(StatusCode, String),
    /// A defect; the log says which.
    Broken(Code),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let failure = error.failure();
        if error.is_unavailable() {
            return Self::Away(failure.message);
        }
        tracing::error!(error = %failure, code = %failure.code, "making a page");
        Self::Broken(failure.code)
    }
}

impl IntoResponse for Problem {
    /// The bare answer; [`dress`] makes a page of it.
    fn into_response(self) -> Response {
        let status = match self {
            Self::NothingHere | Self::Unknown(..) => StatusCode::NOT_FOUND,
            Self::Away(_) | Self::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(status, _) => status,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What is answered where no route leads.
pub(super) async fn nothing_here() -> Problem {
    Problem::NothingHere
}

/// Makes pages of problems, in the look that the reader has chosen.
pub(super) async fn dress(request: Request, next: Next) -> Response {
    let view = View::of(request.method(), request.uri(), request.headers());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let (title, body) = words(&problem);
    let mut dressed = (response.status(), page(title, &view, Place::None, body)).into_response();
    if matches!(problem, Problem::Away(_)) {
        // A page that waits looks again by itself, also without JavaScript.
        dressed.headers_mut().insert("refresh", HeaderValue::from_static("5"));
        dressed.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    dressed
}

/// A problem in the place of the content of a page that has begun.
pub(super) fn within(problem: &Problem) -> Markup {
    html! {
        @if matches!(problem, Problem::Away(_)) { meta http-equiv="refresh" content="5"; }
        (words(problem).1)
    }
}

fn words(problem: &Problem) -> (&'static str, Markup) {
    match problem {
        Problem::NothingHere => (
            "Nothing here",
            html! {
                h1 { "Nothing here" }
                p { "No page has this address. " a href="/" { "All jobs" } }
            },
        ),
        Problem::Unknown(kind, name) => (
            "Not found",
            html! {
                h1 { "There is no " (kind) " " code { (name) } }
                p { "It may have been removed, or its name is another one. " a href="/" { "All jobs" } }
            },
        ),
        Problem::Away(detail) => (
            "State database away",
            html! {
                h1 { "The state database is away" }
                p { "Jobs and runs are read from it. Steps that are running go on; they wait before their visible effect until it is back. "
                    "This page looks again by itself." }
                @if !detail.is_empty() { pre.card { (detail) } }
                p { a href=(links::error(Code::StateUnavailable)) { (Code::StateUnavailable) } ": what to do" }
            },
        ),
        Problem::TooMany => (
            "Too many watchers",
            html! {
                h1 { "Too many pages are watched live" }
                p { "This one can be read; reload it to see what is new." }
            },
        ),
        Problem::Refused(_, why) => (
            "Not allowed",
            html! {
                h1 { "Not allowed" }
                p { (why) "." }
                p { "A token with the role " code { "operate" } " may do this: " a href="/login" { "sign in with another one" } "." }
            },
        ),
        Problem::Broken(code) => (
            "Something went wrong",
            html! {
                h1 { "This page can't be made" }
                p { "The daemon's log says why. " a href=(links::error(*code)) { (code) } ": what to do" }
            },
        ),
    }
}

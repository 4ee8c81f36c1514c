//! Signing in and out with a browser.

use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::net::SocketAddr;

use super::clock::now;
use super::pages::{self, View};
use super::serve::ApiState;

/// Where to go once signed in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// A path of this server.
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub(super) async fn form(view: View, State(state): State<ApiState>, Query(wanted): Query<Wanted>) -> Response {
    if state.access.is_open() {
        return Redirect::to(within(&wanted.next)).into_response();
    }
    pages::sign_in(&view, within(&wanted.next), None).into_response()
}

/// `POST /login`: a cookie for whoever has a token, and on to the page that was wanted.
pub(super) async fn sign_in(
    view: View,
    State(state): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Form(form): Form<SignIn>,
) -> Response {
    let next = within(&form.next);
    if state.access.is_open() {
        return Redirect::to(next).into_response();
    }
    match state.access.with_token(form.token.trim().as_bytes(), peer.ip()) {
        Ok(caller) => {
            let cookie = state.access.cookie(&caller, now()).map(|cookie| cookie.to_string());
            ([(header::SET_COOKIE, cookie.unwrap_or_default())], Redirect::to(next)).into_response()
        }
        Err(problem) => {
            let mut response = (problem.status(), pages::sign_in(&view, next, Some(problem.detail()))).into_response();
            if problem.status() == StatusCode::TOO_MANY_REQUESTS {
                let told = problem.into_response();
                if let Some(seconds) = told.headers().get(header::RETRY_AFTER) {
                    response.headers_mut().insert(header::RETRY_AFTER, seconds.clone());
                }
            }
            response
        }
    }
}

/// `POST /logout`.
pub(super) async fn sign_out(State(state): State<ApiState>) -> Response {
    ([(header::SET_COOKIE, state.access.no_cookie().to_string())], Redirect::to("/login")).into_response()
}

/// Where to go after signing in: a path of this server, but not back to the form.
fn within(next: &str) -> &str {
    let next = pages::within(next);
    if next.starts_with("/login") { "/" } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_server() {
        assert_eq!(within("/jobs/nightly?tab=runs"), "/jobs/nightly?tab=runs");
        for elsewhere in
            ["//evil.example", "/\\evil.example", "https://evil.example", "", "jobs", "/\t/evil.example", "/주문"]
        {
            assert_eq!(within(elsewhere), "/", "{elsewhere}");
        }
    }
}

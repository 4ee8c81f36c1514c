//! Who asks. A handler that takes a `Caller` is only reached by somebody who may read; one that acts asks for
//! `operator()` as well.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::problem::Problem;
use super::serve::ApiState;
use crate::domain::code::Code;
use crate::domain::role::Role;
use crate::store::{Actor, Via};

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name, `local` where no token is set: whom the record of actions names.
    pub name: String,
    /// What it is good for.
    pub role: Role,
}

impl Caller {
    /// The same as the record of actions has it.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.clone(), via: Via::Http }
    }

    /// Refuses who may only read.
    pub fn operator(&self) -> Result<(), Problem> {
        if self.role >= Role::Operate {
            return Ok(());
        }
        let detail = format!("token `{}` may read, and this changes something", self.name);
        Err(Problem::from_code(Code::NotAllowed, detail).with_hint("use a token with `role: operate`"))
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        state.access.caller(parts).map_err(|problem| refused(parts, problem))
    }
}

/// A browser that wants to see a page is sent to where it can sign in; everybody else is told.
fn refused(parts: &Parts, problem: Problem) -> Response {
    let accepted = parts.headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let wants_page = parts.method == Method::GET && accepted.is_some_and(|accepted| accepted.contains("text/html"));
    if wants_page && problem.status() == StatusCode::UNAUTHORIZED {
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        return Redirect::to(&format!("/login?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))).into_response();
    }
    problem.into_response()
}

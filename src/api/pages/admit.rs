//! Who may see pages, and who may act on them: every page asks here, none by itself.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::api::caller::Caller;
use crate::api::serve::ApiState;

/// Where a reader chooses how pages look. It changes nothing that others see.
const CHOICE: &str = "/view";

/// Lets whoever may read see pages, and whoever may operate send forms. Handlers find the caller among the request's
/// extensions.
pub(super) async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::from_request_parts(&mut parts, &state).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    if !parts.method.is_safe()
        && parts.uri.path() != CHOICE
        && let Err(problem) = caller.operator()
    {
        return Problem::Refused(problem.status(), problem.detail().to_owned()).into_response();
    }
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, body)).await
}

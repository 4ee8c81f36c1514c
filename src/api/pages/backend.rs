//! The state database, for handlers that need it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::api::backend::Backend;
use crate::api::serve::ApiState;

/// What pages are made from. While the state database was never reached there is a page that says so.
pub(super) struct Reached(pub(super) Backend);

impl FromRequestParts<ApiState> for Reached {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        state.backend().map(Self).ok_or_else(|| Problem::Away(state.ready.borrow().detail.clone()))
    }
}

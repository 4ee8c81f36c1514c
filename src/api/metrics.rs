//! `/metrics`, for Prometheus.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::security;
use super::serve::ApiState;

/// Prometheus' text format, with the version that its scrapers look for.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`. With a token set, only for who has it: labels name jobs and paths.
pub(super) async fn metrics(State(state): State<ApiState>, headers: HeaderMap) -> Response {
    if !security::admits(state.token.as_ref(), &headers) {
        return security::refusal();
    }
    match state.metrics.render() {
        Ok(page) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "rendering the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

//! `/metrics`, for Prometheus.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::caller::Caller;
use super::serve::ApiState;

/// Prometheus' text format, with the version that its scrapers look for.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`. With a token set, only for who has it: labels name jobs and paths.
pub(super) async fn metrics(_: Caller, State(state): State<ApiState>) -> Response {
    match state.metrics.render() {
        Ok(page) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "rendering the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

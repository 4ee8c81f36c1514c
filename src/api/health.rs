//! `/healthz` says that the process answers; `/readyz` says whether it does its work.
//!
//! The two are apart because they ask for different help: a process that is not alive is restarted, one that is not
//! ready waits for its state database and would only lose time by a restart.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::serve::ApiState;

/// `GET /healthz`.
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// `GET /readyz`.
pub(super) async fn readyz(State(state): State<ApiState>) -> (StatusCode, Json<Value>) {
    let readiness = state.ready.borrow().clone();
    let ready = readiness.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready,
        "state_up": readiness.state_up,
        "lease": readiness.lease,
        "detail": readiness.detail,
    });
    (status, Json(body))
}

//! `/runs/…`: a run. What failed comes first, then the timeline, the steps and the log.

mod acting;
mod acts;
mod cancel;
mod failed;
mod folded;
mod head;
mod lines;
mod log;
mod log_file;
mod outcome;
mod page;
mod rate;
mod scale;
mod sent;
mod shown;
mod spans;
mod steps;
mod timeline;
mod workers;

use axum::Router;
use axum::routing::{get, post};

use crate::api::serve::ApiState;

/// The routes of runs.
pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/runs/{run}", get(page::page))
        .route("/live/runs/{run}", get(page::live))
        .route("/live/runs/{run}/log", get(page::live_log))
        .route("/runs/{run}/sent", get(sent::page))
        .route("/runs/{run}/log.txt", get(log_file::download))
        .route("/runs/{run}/cancel", get(cancel::ask).post(acting::cancel))
        .route("/runs/{run}/retry", post(acting::retry))
}

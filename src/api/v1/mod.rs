//! `/api/v1`: all that the commands do, as JSON in the shapes of their `--json`.
//!
//! Each path is a handler that says what it takes and answers (`#[utoipa::path]`); `document` makes the OpenAPI document
//! of them, so a path that isn't in the document can't be reached. Problems are `application/problem+json`.

mod alerts;
mod audit;
mod backfill;
mod daemons;
mod document;
mod errors;
mod events;
mod extract;
mod findings;
mod firings;
mod health;
mod job;
mod jobs;
mod locks;
mod log_reading;
mod logs;
mod page;
mod pause;
mod replicas;
mod run;
mod runs;
mod trigger;

pub use document::document;

use axum::Router;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::serve::ApiState;
use crate::domain::code::Code;

/// Where the API lies.
const BASE: &str = "/api/v1";

/// All paths, documented.
fn paths() -> OpenApiRouter<ApiState> {
    let under = OpenApiRouter::new()
        .routes(routes!(jobs::list))
        .routes(routes!(job::one))
        .routes(routes!(job::definition))
        .routes(routes!(firings::list))
        .routes(routes!(trigger::trigger))
        .routes(routes!(pause::pause))
        .routes(routes!(pause::resume))
        .routes(routes!(backfill::backfill))
        .routes(routes!(runs::list))
        .routes(routes!(run::one))
        .routes(routes!(run::definition))
        .routes(routes!(run::cancel))
        .routes(routes!(run::retry))
        .routes(routes!(logs::lines))
        .routes(routes!(events::events))
        .routes(routes!(locks::list))
        .routes(routes!(daemons::list))
        .routes(routes!(replicas::list))
        .routes(routes!(replicas::roll_back))
        .routes(routes!(findings::list))
        .routes(routes!(alerts::list))
        .routes(routes!(audit::list))
        .routes(routes!(errors::list))
        .routes(routes!(errors::one))
        .routes(routes!(health::health))
        .routes(routes!(document::openapi));
    OpenApiRouter::new().nest(BASE, under)
}

/// The routes.
pub(super) fn router() -> Router<ApiState> {
    let (router, _) = paths().split_for_parts();
    router.route(&format!("{BASE}/{{*nothing}}"), axum::routing::any(nothing)).method_not_allowed_fallback(wrong_method)
}

async fn nothing() -> Problem {
    Problem::no_such_path()
}

async fn wrong_method() -> Problem {
    let detail = "this path doesn't know this method; the header `Allow` says which it knows";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, Code::Request, detail)
}

//! The whole log of a run as a file.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::log;
use super::shown::Shown;
use crate::api::pages::backend::Reached;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;

/// `GET /runs/{run}/log.txt`.
pub(super) async fn download(
    view: View,
    Reached(backend): Reached,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let shown = Shown::read(&backend, &id, view).await?;
    let name = format!("attachment; filename=\"windlass-{}.log\"", shown.run.id);
    let text = log::text(&backend.logs, &shown.run).await;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

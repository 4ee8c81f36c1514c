//! The page of a run and its live parts.

use axum::extract::{Extension, Path, Query};
use axum::response::Response;
use maud::{Markup, html};

use super::log::{self, LogFilter};
use super::sent::Sent;
use super::shown::Shown;
use super::{failed, folded, head, timeline};
use crate::api::backend::Backend;
use crate::api::pages::backend::Reached;
use crate::api::pages::layout::{self, Place};
use crate::api::pages::live::{self, Streams};
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;

/// `GET /runs/{run}`.
pub(super) async fn page(
    view: View,
    Reached(backend): Reached,
    Path(id): Path<String>,
    Query(filter): Query<LogFilter>,
) -> Result<Markup, Problem> {
    let shown = Shown::read(&backend, &id, view).await?;
    let address = format!("/live/runs/{}", shown.run.id);
    let body = html! {
        (live::region(&address, &parts(&backend, &shown, &Sent::default()).await))
        section #log aria-labelledby="log-title" {
            h2 #log-title { "Log" }
            (log::filters(&shown.run, &filter))
            (live::region(&format!("{address}/log?{}", filter.query()), &entries(&backend, &shown, filter).await))
        }
    };
    let title = format!("{} {}", shown.run.job, shown.run.state);
    Ok(layout::page(&title, &shown.view, Place::Jobs, body))
}

/// `GET /live/runs/{run}`.
pub(super) async fn live(
    view: View,
    Reached(backend): Reached,
    Path(id): Path<String>,
    Extension(streams): Extension<Streams>,
) -> Result<Response, Problem> {
    let sent = Sent::default();
    let render = move |view: View| {
        let (backend, id, sent) = (backend.clone(), id.clone(), sent.clone());
        async move {
            let shown = Shown::read(&backend, &id, view).await?;
            Ok(parts(&backend, &shown, &sent).await)
        }
    };
    live::stream(streams, view, render).await
}

/// `GET /live/runs/{run}/log`.
pub(super) async fn live_log(
    view: View,
    Reached(backend): Reached,
    Path(id): Path<String>,
    Query(filter): Query<LogFilter>,
    Extension(streams): Extension<Streams>,
) -> Result<Response, Problem> {
    let render = move |view: View| {
        let (backend, id, filter) = (backend.clone(), id.clone(), filter.clone());
        async move {
            let shown = Shown::read(&backend, &id, view).await?;
            Ok(entries(&backend, &shown, filter).await)
        }
    };
    live::stream(streams, view, render).await
}

/// All but the log.
async fn parts(backend: &Backend, shown: &Shown, sent: &Sent) -> Markup {
    let sent = sent.of(&backend.logs, &shown.run).await;
    html! {
        (head::head(shown))
        (failed::failed(&shown.run))
        section aria-labelledby="timeline-title" {
            h2 #timeline-title { "Timeline" }
            (timeline::timeline(&shown.run, shown.view.now))
        }
        section aria-labelledby="steps-title" {
            h2 #steps-title { "Steps" }
            (folded::steps(shown, &sent))
        }
    }
}

async fn entries(backend: &Backend, shown: &Shown, filter: LogFilter) -> Markup {
    let sections = log::read(&backend.logs, &shown.run, filter).await;
    log::entries(&shown.run, &sections)
}

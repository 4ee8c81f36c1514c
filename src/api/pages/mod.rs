//! What people see in a browser: HTML that the server renders, live while it is looked at.
//!
//! A page is a folder or file here that has a handler (`View` and what it shows come in as extractors), a function that
//! makes its markup, and, if a part of it is live, a second handler that gives that part to [`live::stream`]:
//!
//! ```text
//!   GET /jobs/x       ──► handler ──► layout::page(title, view, place, markup)
//!                                          └─ live::region("/live/jobs/x", fragment) ◄─┐ the same function
//!   GET /live/jobs/x  ──► handler ──► live::stream(…, || fragment) ── once a second ───┘ makes both
//! ```
//!
//! What depends on the time alone (`4 min ago`, a running duration) is written by the components of `parts`, and kept
//! fresh by the reader's browser, so a fragment changes only when what it shows does.
//!
//! Everything can be read and every form works without JavaScript. A form is a plain POST that is answered by
//! [`flash::done`] or [`flash::refused`]: on to a page that says what was done.

mod admit;
mod assets;
mod backend;
mod connections;
mod daemons;
mod early;
mod errors;
mod find;
mod flash;
mod layout;
mod links;
mod live;
mod locks;
mod login;
mod parts;
mod preferences;
mod problem;
mod replicas;
mod view;
mod watched;

mod job;
mod jobs;
mod run;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

pub(super) use links::within;
pub(super) use live::Streams;
pub(super) use login::page as sign_in;
pub(super) use view::View;

use super::serve::ApiState;

/// The routes of all pages.
pub(super) fn router(state: &ApiState) -> Router<ApiState> {
    Router::new()
        .route("/", get(jobs::page))
        .route("/live/jobs", get(jobs::live))
        .route("/jobs/{name}", get(job::page))
        .route("/live/jobs/{name}", get(job::live))
        .route("/jobs/{name}/run", post(job::run))
        .route("/jobs/{name}/pause", post(job::pause))
        .route("/jobs/{name}/resume", post(job::resume))
        .route("/jobs/{name}/backfill", get(job::preview).post(job::queue))
        .route("/locks", get(watched::page::<locks::Locks>))
        .route("/live/locks", get(watched::live::<locks::Locks>))
        .route("/replicas", get(replicas::page))
        .route("/replicas/rollback", get(replicas::confirm).post(replicas::roll_back))
        .route("/connections", get(connections::page))
        .route("/daemons", get(watched::page::<daemons::Daemons>))
        .route("/live/daemons", get(watched::live::<daemons::Daemons>))
        .route("/errors", get(errors::list))
        .route("/errors/{code}", get(errors::page))
        .merge(run::router())
        .route("/view", post(preferences::choose))
        .fallback(problem::nothing_here)
        .layer(from_fn_with_state(state.clone(), admit::admit))
        .layer(from_fn(problem::dress))
        .layer(from_fn(flash::forget))
        .route("/assets/{version}/{name}", get(assets::asset))
}

//! The first page.

use maud::{Markup, html};

use super::backend::Reached;
use super::layout::{Place, page as whole};
use super::parts::empty::empty;
use super::parts::state::state;
use super::problem::Problem;
use super::view::View;

/// `GET /`.
pub(super) async fn page(view: View, Reached(backend): Reached) -> Result<Markup, Problem> {
    let jobs = backend.store.jobs().await?;
    let body = html! {
        h1 { "Jobs" }
        @if jobs.is_empty() { (empty("No jobs are loaded yet.", "Put a job file into the jobs_dir, or run one:", Some("windlass run FILE"))) }
        @for job in &jobs { p { (job.name) " " (state(job.last_state.as_deref().unwrap_or("queued"))) } }
    };
    Ok(whole("Jobs", &view, Place::Jobs, body))
}

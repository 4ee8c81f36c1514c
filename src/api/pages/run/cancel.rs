//! Before a run is cancelled: what exactly will happen.

use axum::extract::Path;
use maud::{Markup, html};

use super::acts;
use super::shown::Shown;
use crate::api::pages::backend::Reached;
use crate::api::pages::layout::{self, Place};
use crate::api::pages::links;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;

/// `GET /runs/{run}/cancel`.
pub(super) async fn ask(view: View, Reached(backend): Reached, Path(id): Path<String>) -> Result<Markup, Problem> {
    let shown = Shown::read(&backend, &id, view).await?;
    let run = &shown.run;
    let back = links::run(run.id);
    let body = html! {
        p.crumbs { a href="/" { "Jobs" } " / " a href=(links::job(&run.job)) { (run.job) } " / " a href=(back) { "run" } }
        h1 { "Cancel this run of " (run.job) "?" }
        @if run.state.is_final() {
            p { "It has ended already: " (run.state) "." }
            a.button href=(back) { "Back to the run" }
        } @else {
            p { "Cancelling" }
            ul { @for consequence in acts::consequences(run) { li { (consequence) } } }
            form.acts method="post" action={ (back) "/cancel" } {
                button.danger { "Cancel the run" }
                a.button href=(back) { "Let it go on" }
            }
        }
    };
    Ok(layout::page("Cancel a run", &shown.view, Place::Jobs, body))
}

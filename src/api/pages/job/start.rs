//! Running a job by hand.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::Response;
use axum::{Extension, Form};
use maud::{Markup, html};

use super::forms;
use crate::actions::trigger::trigger;
use crate::api::acting::to_its_end;
use crate::api::caller::Caller;
use crate::api::pages::backend::Reached;
use crate::api::pages::problem::Problem;
use crate::api::pages::{find, flash, links};
use crate::domain::job::Job;

/// The button for a job without parameters.
pub(super) fn button(name: &str) -> Markup {
    html! { form.inline method="post" action={ (links::job(name)) "/run" } { button.main { "Run" } } }
}

/// The form for one with parameters.
pub(super) fn form(job: &Job) -> Markup {
    html! {
        @if !job.params.is_empty() {
            section.card #run aria-labelledby="run-title" {
                h2 #run-title { "Run it" }
                form method="post" action={ (links::job(&job.name)) "/run" } {
                    (forms::params(job, "run"))
                    button.main { "Run" }
                }
            }
        }
    }
}

/// `POST /jobs/{name}/run`: queues a run, and leads to it.
pub(in crate::api::pages) async fn run(
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    Reached(backend): Reached,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let stored = find::job(&backend, &name).await?;
    let (store, given) = (backend.store.clone(), forms::given(&form));
    let queueing = async move { trigger(&store, &caller.actor(), &stored, given, None).await };
    Ok(match to_its_end(queueing).await {
        Ok(triggered) => {
            let nobody = backend.store.daemons().await?.is_empty();
            let waits = if nobody { " It waits until a daemon is up." } else { "" };
            flash::done(&links::run(triggered.run.id), &format!("A run of {name} is queued.{waits}"))
        }
        Err(failure) => flash::refused(&format!("{}#run", links::job(&name)), &failure.to_string()),
    })
}

//! Runs for due times of the past that did not run: first what they would be, then the act.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::forms;
use crate::actions::backfill::{self, Past, Stretch};
use crate::api::acting::to_its_end;
use crate::api::caller::Caller;
use crate::api::pages::backend::Reached;
use crate::api::pages::layout::{Place, page as whole};
use crate::api::pages::parts::amount;
use crate::api::pages::parts::time;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::api::pages::{find, flash, links};
use crate::domain::failure::Failure;
use crate::domain::job::Job;
use crate::domain::params;
use crate::store::Store;

/// Due times that are listed before it is done.
const LISTED: usize = 50;

/// The form, for a job with a schedule.
pub(super) fn form(job: &Job) -> Markup {
    html! {
        @if let Some(schedule) = &job.schedule {
            section.card #backfill aria-labelledby="backfill-title" {
                h2 #backfill-title { "Run what the past left out" }
                form method="get" action={ (links::job(&job.name)) "/backfill" } {
                    p { "Due times in a stretch of the past that did not run get a run each. Nothing happens before you have seen which." }
                    div.pair {
                        div.field { label for="from" { "From" } input #from type="datetime-local" name="from" required; }
                        div.field { label for="to" { "To" } input #to type="datetime-local" name="to"; span.under { "empty: now" } }
                    }
                    p.quiet.small { "Times in " (schedule.zone.name()) "." }
                    (forms::params(job, "backfill"))
                    p { label { input type="checkbox" name="parallel" value="true"; " side by side, not one after the other" } }
                    button { "Show what would run" }
                }
            }
        }
    }
}

/// `GET /jobs/{name}/backfill`: what would run.
pub(in crate::api::pages) async fn preview(
    view: View,
    Path(name): Path<String>,
    Reached(backend): Reached,
    Query(form): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let stored = find::job(&backend, &name).await?;
    let job = &stored.definition.job;
    let wrong = |text: &str| Ok(flash::refused(&format!("{}#backfill", links::job(&name)), text));
    if let Err(failure) = params::complete(job, forms::given(&form)) {
        return wrong(&failure.to_string());
    }
    match look(&backend.store, job, &form, view.now, true).await {
        Err(failure) => wrong(&told(&failure)),
        Ok(past) => {
            Ok(whole(&format!("Backfill {name}"), &view, Place::Jobs, shown(job, &past, &form, &view)).into_response())
        }
    }
}

fn shown(job: &Job, past: &Past, form: &BTreeMap<String, String>, view: &View) -> Markup {
    let number = amount::count(past.left.len() as u64);
    let how = if form.contains_key("parallel") { "side by side" } else { "one after the other" };
    html! {
        nav.crumbs aria-label="Above" { a href="/" { "Jobs" } " › " a href=(links::job(&job.name)) { (job.name) } }
        h1 { "Run what the past left out" }
        @if past.left.is_empty() {
            div.empty { p { strong { "Nothing to run." } " Of the due times in this stretch " (past.ran) " ran, and no other is left." } }
        } @else {
            p { strong { (number) @if past.left.len() == 1 { " run" } @else { " runs" } } " of " (job.name) " will be queued, " (how)
                @if past.ran > 0 { "; " (past.ran) " others in this stretch ran" } ". Runs that are due now go first." }
            div.card { ol.due { @for left in past.left.iter().take(LISTED) { li { (time::in_zone(left.due, job.zone())) span.quiet { (time::ago(view, left.due, job.zone())) } } } }
                @if past.left.len() > LISTED { p.quiet { "and " (past.left.len() - LISTED) " more" } } }
            form.confirm method="post" {
                @for (name, value) in form { input type="hidden" name=(name) value=(value); }
                button.main { "Queue " (number) @if past.left.len() == 1 { " run" } @else { " runs" } }
                a.button href=(links::job(&job.name)) { "Don't" }
            }
        }
    }
}

/// `POST /jobs/{name}/backfill`.
pub(in crate::api::pages) async fn queue(
    view: View,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    Reached(backend): Reached,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let stored = find::job(&backend, &name).await?;
    let job = stored.definition.job;
    let here = links::job(&name);
    let past = match look(&backend.store, &job, &form, view.now, false).await {
        Ok(past) => past,
        Err(failure) => return Ok(flash::refused(&here, &told(&failure))),
    };
    let complete = match params::complete(&job, forms::given(&form)) {
        Ok(complete) => complete,
        Err(failure) => return Ok(flash::refused(&here, &failure.to_string())),
    };
    let in_order = !form.contains_key("parallel");
    let queueing =
        async move { backfill::queue(&backend.store, &caller.actor(), &job, &past, complete, in_order).await };
    Ok(match to_its_end(queueing).await.map(|made| made.runs.len()) {
        Ok(1) => flash::done(&here, "1 run is queued."),
        Ok(made) => flash::done(&here, &format!("{made} runs are queued.")),
        Err(failure) => flash::refused(&here, &told(&failure)),
    })
}

/// What was wrong, and what to do.
fn told(failure: &Failure) -> String {
    failure.hint.as_ref().map_or_else(|| failure.to_string(), |hint| format!("{failure}: {hint}"))
}

/// The stretch that the form names.
async fn look(
    store: &Store,
    job: &Job,
    form: &BTreeMap<String, String>,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Past, Failure> {
    let given = |name: &str| form.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let stretch =
        Stretch { from: given("from").unwrap_or_default(), to: given("to"), limit: None, reverse: false, dry_run };
    backfill::past(store, job, &stretch, now).await
}

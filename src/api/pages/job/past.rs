//! Runs for due times of the past that did not run: first what they would be, then the act.

use std::collections::{BTreeMap, BTreeSet};

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::forms;
use crate::api::pages::backend::Reached;
use crate::api::pages::layout::{Place, page as whole};
use crate::api::pages::parts::amount;
use crate::api::pages::parts::time;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::api::pages::{acts, flash, links};
use crate::domain::job::Job;
use crate::domain::params;
use crate::domain::state::FiringState;
use crate::store::{FiringFilter, Store};

/// Runs that a page makes at most: beyond it the command says how many by `--limit`.
const MOST: usize = 1000;

/// Due times that are looked at.
const LOOKED_AT: usize = 100_000;

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

/// What a stretch holds.
struct Stretch {
    due: Vec<DateTime<Utc>>,
    ran: usize,
}

/// `GET /jobs/{name}/backfill`: what would run.
pub(in crate::api::pages) async fn preview(
    view: View,
    Path(name): Path<String>,
    Reached(backend): Reached,
    Query(form): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let unknown = || Problem::Unknown("job", name.clone());
    let stored = backend.store.job(&name).await?.ok_or_else(unknown)?;
    let job = &stored.definition.job;
    let wrong = |text: &str| Ok(flash::refused(&format!("{}#backfill", links::job(&name)), text));
    if let Err(failure) = params::complete(job, forms::given(&form)) {
        return wrong(&failure.to_string());
    }
    match look(&backend.store, job, &form, view.now).await? {
        Err(text) => wrong(&text),
        Ok(stretch) => {
            Ok(whole(&format!("Backfill {name}"), &view, Place::Jobs, shown(job, &stretch, &form, &view))
                .into_response())
        }
    }
}

fn shown(job: &Job, stretch: &Stretch, form: &BTreeMap<String, String>, view: &View) -> Markup {
    let number = amount::count(stretch.due.len() as u64);
    let how = if form.contains_key("parallel") { "side by side" } else { "one after the other" };
    html! {
        nav.crumbs aria-label="Above" { a href="/" { "Jobs" } " › " a href=(links::job(&job.name)) { (job.name) } }
        h1 { "Run what the past left out" }
        @if stretch.due.is_empty() {
            div.empty { p { strong { "Nothing to run." } " Of the due times in this stretch " (stretch.ran) " ran, and no other is left." } }
        } @else {
            p { strong { (number) @if stretch.due.len() == 1 { " run" } @else { " runs" } } " of " (job.name) " will be queued, " (how)
                @if stretch.ran > 0 { "; " (stretch.ran) " others in this stretch ran" } ". Runs that are due now go first." }
            div.card { ol.due { @for due in stretch.due.iter().take(LISTED) { li { (time::in_zone(*due, job.zone())) span.quiet { (time::ago(view, *due, job.zone())) } } } }
                @if stretch.due.len() > LISTED { p.quiet { "and " (stretch.due.len() - LISTED) " more" } } }
            form.confirm method="post" {
                @for (name, value) in form { input type="hidden" name=(name) value=(value); }
                button.main { "Queue " (number) @if stretch.due.len() == 1 { " run" } @else { " runs" } }
                a.button href=(links::job(&job.name)) { "Don't" }
            }
        }
    }
}

/// `POST /jobs/{name}/backfill`.
pub(in crate::api::pages) async fn backfill(
    view: View,
    Path(name): Path<String>,
    Reached(backend): Reached,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let unknown = || Problem::Unknown("job", name.clone());
    let stored = backend.store.job(&name).await?.ok_or_else(unknown)?;
    let job = &stored.definition.job;
    let here = links::job(&name);
    let stretch = match look(&backend.store, job, &form, view.now).await? {
        Ok(stretch) => stretch,
        Err(text) => return Ok(flash::refused(&here, &text)),
    };
    let complete = match params::complete(job, forms::given(&form)) {
        Ok(complete) => complete,
        Err(failure) => return Ok(flash::refused(&here, &failure.to_string())),
    };
    let in_order = !form.contains_key("parallel");
    Ok(match acts::backfill(&backend.store, &name, stretch.due, complete, in_order).await {
        Ok(1) => flash::done(&here, "1 run is queued."),
        Ok(made) => flash::done(&here, &format!("{made} runs are queued.")),
        Err(failure) => flash::refused(&here, &failure.to_string()),
    })
}

/// The due times of a stretch that did not run; or what is wrong with the stretch.
async fn look(
    store: &Store,
    job: &Job,
    form: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Result<Result<Stretch, String>, Problem> {
    let Some(schedule) = &job.schedule else {
        return Ok(Err("It has no schedule, so nothing was ever due.".to_owned()));
    };
    let moment = |name: &str| form.get(name).filter(|text| !text.is_empty()).map(|text| instant(text, schedule.zone));
    let (Some(Some(from)), Some(to)) = (moment("from"), moment("to").unwrap_or(Some(now))) else {
        return Ok(Err("A stretch has a beginning and an end, both points in time.".to_owned()));
    };
    let to = to.min(now);
    let Ok(mut due) = schedule.between(from - TimeDelta::microseconds(1), to, LOOKED_AT + 1) else {
        return Ok(Err("The schedule can't be read.".to_owned()));
    };
    if due.len() > LOOKED_AT {
        return Ok(Err(format!("There are more than {LOOKED_AT} due times in this stretch; give a shorter one.")));
    }
    let all = due.len();
    let known = store.firings(&job.name, FiringFilter { since: Some(from), until: Some(to), limit: 0 }).await?;
    let ran: BTreeSet<_> =
        known.iter().filter(|row| row.state == FiringState::Ran.label()).map(|row| row.scheduled_for).collect();
    due.retain(|due| !ran.contains(due));
    if due.len() > MOST {
        return Ok(Err(format!(
            "These would be {} runs; give a shorter stretch, or use `windlass backfill --limit`.",
            due.len()
        )));
    }
    Ok(Ok(Stretch { ran: all - due.len(), due }))
}

/// A time as browsers write it, in a zone. One that doesn't exist there is none.
fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    zone.from_local_datetime(&local).earliest().map(|instant| instant.to_utc())
}

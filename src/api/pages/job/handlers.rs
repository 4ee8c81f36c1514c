//! The page, and its live part.

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::facts::Facts;
use super::{ahead, chart, definition, hold, left_out, past, runs, start};
use crate::api::pages::backend::Reached;
use crate::api::pages::jobs::{STRIP, bars, usual};
use crate::api::pages::layout::{Place, page as whole};
use crate::api::pages::parts::state::state;
use crate::api::pages::parts::strip::strip;
use crate::api::pages::parts::{amount, time};
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::api::pages::{links, live};

/// `GET /jobs/{name}`.
pub(in crate::api::pages) async fn page(
    view: View,
    Path(name): Path<String>,
    Reached(backend): Reached,
) -> Result<Markup, Problem> {
    let facts = Facts::read(&backend, &name).await?;
    let of = facts.definition();
    let body = html! {
        nav.crumbs aria-label="Above" { a href="/" { "Jobs" } }
        div.head {
            div {
                h1 { (name) }
                @if let Some(description) = &of.description { p { (description) } }
                p.quiet.small {
                    @match &of.schedule {
                        Some(schedule) => { (schedule.words()) " · " (schedule.zone.name()) },
                        None => "started by hand",
                    }
                    " · " (of.steps.len()) @if of.steps.len() == 1 { " step" } @else { " steps" }
                }
            }
            div.acts {
                @if of.params.is_empty() { (start::button(&name)) } @else { a.button.main href="#run" { "Run…" } }
                @if of.schedule.is_some() { a.button href="#pause" { @if facts.job.pause.is_some() { "Resume…" } @else { "Pause…" } } }
            }
        }
        (live::region(&format!("/live{}", links::job(&name)), &part(&facts, &view)))
        div.columns {
            (start::form(of))
            (past::form(of))
            (hold::form(&facts))
        }
        (definition::definition(&facts.stored.definition.source))
    };
    Ok(whole(&name, &view, Place::Jobs, body))
}

/// `GET /live/jobs/{name}`.
pub(in crate::api::pages) async fn live(
    view: View,
    Path(name): Path<String>,
    Reached(backend): Reached,
    Extension(streams): Extension<live::Streams>,
) -> Result<Response, Problem> {
    live::stream(streams, view, move |view| {
        let (backend, name) = (backend.clone(), name.clone());
        async move { Ok(part(&Facts::read(&backend, &name).await?, &view)) }
    })
    .await
}

fn part(facts: &Facts, view: &View) -> Markup {
    let (job, zone) = (&facts.job, facts.zone());
    let newest = &facts.charted[facts.charted.len().saturating_sub(STRIP as usize)..];
    html! {
        @if let Some((since, problem)) = &job.broken {
            div.notice.failed {
                strong { "Its file is broken" } " since " (time::ago(view, *since, zone)) "; the last good version is run."
                pre { (problem) }
            }
        }
        @if let Some(pause) = &job.pause {
            p.notice.paused {
                (state("paused")) " " (time::ago(view, pause.since, zone))
                @if let Some(by) = &pause.by { " by " strong { (by) } }
                @if let Some(note) = &pause.note { ": " (note) }
            }
        }
        section aria-labelledby="runs-title" {
            div.head {
                h2 #runs-title { "Runs" }
                div { (strip(&job.name, &bars(newest, view), STRIP as usize, view, zone)) }
            }
            @if facts.charted.len() > 1 { (chart::chart(&facts.charted, usual(&facts.charted), view, zone)) }
            (runs::table(facts, view))
            @if facts.charted.len() as u64 > facts.listed.len() as u64 {
                p.pages { (amount::count(facts.listed.len() as u64)) " newest of the last " (facts.charted.len()) " runs; the bars lead to the others" }
            }
        }
        div.columns { (ahead::ahead(facts, view)) (left_out::left_out(facts, view)) }
    }
}

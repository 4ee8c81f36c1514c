//! The page, and its live part.

use axum::Extension;
use axum::extract::Query;
use axum::response::Response;
use maud::{Markup, html};

use super::attention::attention;
use super::facts::Facts;
use super::filter::{Filter, KINDS, STATES, Sort};
use super::table;
use crate::api::pages::backend::Reached;
use crate::api::pages::early;
use crate::api::pages::layout::Place;
use crate::api::pages::live;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;

/// `GET /`.
pub(in crate::api::pages) async fn page(
    view: View,
    Query(filter): Query<Filter>,
    Reached(backend): Reached,
) -> Result<Response, Problem> {
    let seen = view.clone();
    let content = async move {
        let facts = Facts::read(&backend, &filter, &seen).await?;
        Ok(html! {
            h1.hidden { "Jobs" }
            (attention(&facts, &seen))
            (form(&filter))
            div #jobs {
                (live::region(&format!("/live/jobs{}", filter.query()), &table::table(&facts, &filter, &seen)))
            }
        })
    };
    early::page("Jobs", view, Place::Jobs, content).await
}

/// `GET /live/jobs`: the table, and what needs attention above it.
pub(in crate::api::pages) async fn live(
    view: View,
    Query(filter): Query<Filter>,
    Reached(backend): Reached,
    Extension(streams): Extension<live::Streams>,
) -> Result<Response, Problem> {
    live::stream(streams, view, move |view| {
        let (backend, filter) = (backend.clone(), filter.clone());
        async move {
            let facts = Facts::read(&backend, &filter, &view).await?;
            Ok(html! { (attention(&facts, &view)) (table::table(&facts, &filter, &view)) })
        }
    })
    .await
}

/// The filter: by address without JavaScript, while one types with it.
fn form(filter: &Filter) -> Markup {
    html! {
        form.filters method="get" action="/" role="search" hx-get="/" hx-target="#jobs" hx-select="#jobs" hx-swap="outerHTML"
            hx-trigger="input delay:150ms, submit" hx-sync="this:replace" hx-replace-url="true" {
            label.hidden for="q" { "Filter by name or description" }
            input #q type="search" name="q" value=(filter.q) placeholder="Filter by name or description  ( / )" autocomplete="off";
            label.hidden for="state" { "State" }
            select #state name="state" {
                @for (state, words) in STATES { option value=(state) selected[state == filter.state] { (words) } }
            }
            label.hidden for="kind" { "Kind of step" }
            select #kind name="kind" {
                option value="" { "any kind of step" }
                @for kind in KINDS { option value=(kind) selected[kind == filter.kind] { (kind) } }
            }
            @if filter.sort != Sort::Name { input type="hidden" name="sort" value=(filter.sort.label()); }
            button { "Filter" }
        }
    }
}

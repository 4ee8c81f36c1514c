//! Replicas: where they are, how old, what they hold, and the way back to an earlier generation.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;

use super::backend::Reached;
use super::layout::{Place, page as whole};
use super::parts::empty::empty;
use super::parts::state::{Look, glyph};
use super::parts::{amount, time};
use super::problem::Problem;
use super::view::View;
use super::{flash, links};
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::rolling_back::roll_back as roll_back_to;
use crate::domain::replica::Manifest;
use crate::engine::ReplicaLook;

/// `GET /replicas`.
pub(super) async fn page(view: View, Reached(backend): Reached) -> Result<Markup, Problem> {
    let seen = look(&backend, &view).await?;
    let body = html! {
        h1 { "Replicas" }
        @if seen.is_empty() {
            (empty("No job publishes a replica.", "A step does so, for readers who may open it at any instant:",
                Some("- id: publish\n  publish_replica:\n    from: {connection: market}\n    to: /data/stock_replica.db")))
        }
        @for replica in &seen { (shown(replica, &view)) }
    };
    Ok(whole("Replicas", &view, Place::Replicas, body))
}

async fn look(backend: &Backend, view: &View) -> Result<Vec<ReplicaLook>, Problem> {
    Ok(backend.replicas.look(&backend.store.publishing_jobs().await?, view.now).await)
}

fn shown(replica: &ReplicaLook, view: &View) -> Markup {
    html! {
        section.card {
            h2.mono { (replica.place) }
            @for problem in &replica.problems { p.is-failed { (glyph(Look::Failed)) " " (problem) } }
            @if let (true, Some(limit)) = (replica.is_stale(), replica.max_age) {
                p.is-failed { (glyph(Look::Failed)) " older than its " code { "max_age" } " of " (amount::duration(limit)) }
            }
            dl.facts {
                dt { "published by" } dd { a href=(links::job(&replica.job)) { (replica.job) } ", step " (replica.step) }
                @if let Some(manifest) = &replica.manifest { (facts(manifest, replica, view)) }
                @if !replica.unfinished.is_empty() { dt { "under way, or left" } dd.mono { (replica.unfinished.join(", ")) } }
            }
            @if let Some(manifest) = &replica.manifest { (tables(manifest)) }
            @if !replica.kept.is_empty() { (generations(replica, view)) }
        }
    }
}

fn facts(manifest: &Manifest, replica: &ReplicaLook, view: &View) -> Markup {
    html! {
        dt { "generation" }
        dd { (manifest.generation) @if let Some(from) = manifest.rolled_back_from { ", gone back to from " (from) } }
        dt { "age" }
        dd {
            @if let Some(age) = replica.age { (amount::duration(age)) }
            @if let Some(limit) = replica.max_age { span.quiet { " of at most " (amount::duration(limit)) } }
        }
        dt { "published" } dd { (time::ago(view, manifest.published_at, Tz::UTC)) " by " a href=(links::run(manifest.run)) { "its run" } }
        dt { "holds" }
        dd { (amount::bytes(manifest.bytes)) " · " (amount::count(manifest.rows)) " rows · " (manifest.tables.len()) " tables · from " (manifest.source) " by " (manifest.method) }
    }
}

fn tables(manifest: &Manifest) -> Markup {
    html! {
        details {
            summary { "Tables" }
            div.scroll { table {
                thead { tr { th scope="col" { "Table" } th.number scope="col" { "Rows" } } }
                tbody { @for table in &manifest.tables {
                    tr { td.mono { @if table.schema != "main" { (table.schema) "." } (table.name) } td.number { (amount::count(table.rows)) } }
                } }
            } }
        }
    }
}

fn generations(replica: &ReplicaLook, view: &View) -> Markup {
    let now = replica.manifest.as_ref().map(|manifest| manifest.generation);
    html! {
        h3 { "Generations" }
        div.scroll tabindex="0" role="region" aria-label={ "Generations of " (replica.place) } { table {
            thead { tr { th.number scope="col" { "Number" } th scope="col" { "Made" } th.number scope="col" { "Size" } th.number scope="col" { "Rows" } th scope="col" { span.hidden { "Acts" } } } }
            tbody { @for kept in replica.kept.iter().rev() {
                tr {
                    td.number { (kept.generation) }
                    td { (time::at(view, kept.made_at, Tz::UTC)) " " span.quiet { (time::ago(view, kept.made_at, Tz::UTC)) } }
                    td.number { (amount::bytes(kept.bytes)) }
                    td.number { (amount::count(kept.rows)) }
                    td.end {
                        @if Some(kept.generation) == now { span.chip { "published" } }
                        @else { form.inline method="get" action="/replicas/rollback" {
                            input type="hidden" name="place" value=(replica.place);
                            input type="hidden" name="to" value=(kept.generation);
                            button { "Go back…" span.hidden { " to generation " (kept.generation) } }
                        } }
                    }
                }
            } }
        } }
    }
}

/// Which replica goes back to which generation.
#[derive(Deserialize)]
pub(super) struct Back {
    place: String,
    to: u64,
}

/// `GET /replicas/rollback`: what would happen.
pub(super) async fn confirm(
    view: View,
    Reached(backend): Reached,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let (replica, kept) = find(&backend, &view, &back).await?;
    let now = replica.manifest.as_ref();
    let body = html! {
        nav.crumbs aria-label="Above" { a href="/replicas" { "Replicas" } }
        h1 { "Go back to generation " (back.to) "?" }
        ul {
            li { "Whoever opens " code { (replica.place) } " from now on gets generation " (back.to) ", made " (time::exact(&view, kept.made_at, Tz::UTC)) ", " (amount::count(kept.rows)) " rows" }
            @if let Some(now) = now { li { "Generation " (now.generation) " of " (amount::count(now.rows)) " rows is not the replica any more; it is kept" } }
            li { "Readers that have it open keep what they have" }
            li { "The file is verified first. The next run of " a href=(links::job(&replica.job)) { (replica.job) } " publishes a new generation" }
        }
        form.confirm method="post" action="/replicas/rollback" {
            input type="hidden" name="place" value=(back.place);
            input type="hidden" name="to" value=(back.to);
            button.danger { "Go back to generation " (back.to) }
            a.button href="/replicas" { "Don't" }
        }
    };
    Ok(whole("Go back", &view, Place::Replicas, body).into_response())
}

/// `POST /replicas/rollback`.
pub(super) async fn roll_back(
    view: View,
    Extension(caller): Extension<Caller>,
    Reached(backend): Reached,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let place = back.place.clone();
    let going_back = async move { roll_back_to(&backend, &caller.actor(), &back.place, Some(back.to), view.now).await };
    Ok(match to_its_end(going_back).await {
        Ok(manifest) => flash::done("/replicas", &format!("{place} is generation {} again.", manifest.generation)),
        Err(failure) => flash::refused("/replicas", &failure.to_string()),
    })
}

/// The replica and its generation.
async fn find(backend: &Backend, view: &View, back: &Back) -> Result<(ReplicaLook, Manifest), Problem> {
    let unknown = || Problem::Unknown("generation", format!("{} of {}", back.to, back.place));
    let replica = look(backend, view).await?.into_iter().find(|one| one.place == back.place).ok_or_else(unknown)?;
    let kept = replica.kept.iter().find(|kept| kept.generation == back.to).cloned().ok_or_else(unknown)?;
    Ok((replica, kept))
}

//! Daemons: who is at work with what, and what became of those that are gone.

use chrono_tz::Tz;
use maud::{Markup, html};

use super::layout::Place;
use super::links;
use super::parts::empty::empty;
use super::parts::state::{Look, glyph, state};
use super::parts::time;
use super::view::View;
use super::watched::Watched;
use crate::store::{DaemonPast, Store, StoreError};

/// Runs that are named for each daemon.
const NAMED: usize = 8;

/// `GET /daemons`.
pub(super) struct Daemons;

impl Watched for Daemons {
    type Facts = Vec<DaemonPast>;
    const TITLE: &'static str = "Daemons";
    const PLACE: Place = Place::Daemons;
    const URL: &'static str = links::DAEMONS;

    async fn read(store: &Store) -> Result<Vec<DaemonPast>, StoreError> {
        store.daemon_history().await
    }

    fn shown(daemons: &Vec<DaemonPast>, view: &View) -> Markup {
        table(daemons, view)
    }
}

fn table(daemons: &[DaemonPast], view: &View) -> Markup {
    html! {
        @if !daemons.iter().any(|one| one.ended_at.is_none()) {
            (empty("No daemon holds a lease.", "Nothing is started until one does:", Some("windlass serve")))
        }
        div.scroll tabindex="0" role="region" aria-label="Daemons" {
            table {
                thead { tr {
                    th scope="col" { "Daemon" } th scope="col" { "State" } th scope="col" { "Version" } th scope="col" { "Started" }
                    th.number scope="col" { "Runs" } th scope="col" { "At work with" }
                } }
                tbody { @for daemon in daemons { (row(daemon, view)) } }
            }
        }
    }
}

fn row(daemon: &DaemonPast, view: &View) -> Markup {
    // The host's name is followed by what tells its boots and containers apart.
    let host = daemon.host.split('/').next().unwrap_or(&daemon.host);
    html! {
        tr {
            th scope="row" { span title=(daemon.host) { (host) } " " span.quiet { "pid " (daemon.pid) } span.under.mono { (daemon.id) } }
            td { (standing(daemon, view)) }
            td { (daemon.version) }
            td { (time::ago(view, daemon.started_at, Tz::UTC)) }
            td.number { (daemon.runs.len()) }
            td {
                @for (at, (run, job)) in daemon.runs.iter().take(NAMED).enumerate() { @if at > 0 { ", " } a href=(links::run(*run)) { (job) } }
                @if daemon.runs.len() > NAMED { " and " (daemon.runs.len() - NAMED) " more" }
                @if daemon.lost {
                    @if daemon.taken_over.is_empty() { span.quiet { "Nothing had to be taken over." } }
                    @else { span.quiet { "Taken over by the others: " } }
                    @for (at, (run, job, now)) in daemon.taken_over.iter().take(NAMED).enumerate() {
                        @if at > 0 { ", " } a href=(links::run(*run)) { (job) } " " span.quiet { "(" (now) " now)" }
                    }
                }
            }
        }
    }
}

fn standing(daemon: &DaemonPast, view: &View) -> Markup {
    match daemon.ended_at {
        Some(ended) => {
            html! { (state(if daemon.lost { "lost" } else { "stopped" })) " " (time::ago(view, ended, Tz::UTC)) }
        }
        // The lease is renewed every few seconds; only one that lapsed is worth a number.
        None if daemon.lease_until < view.now => html! {
            (state("waiting")) " its lease lapsed " (time::ago(view, daemon.lease_until, Tz::UTC))
        },
        None => html! { span.state.(Look::Succeeded.class()) { (glyph(Look::Succeeded)) span { "holds its lease" } } },
    }
}

//! What somebody should look at, one line each, with what can be done about it. Nothing, where all is well.

use chrono::TimeDelta;
use maud::{Markup, html};

use super::facts::{FAILING, Facts};
use crate::api::pages::links;
use crate::api::pages::parts::state::{Look, glyph};
use crate::api::pages::parts::{amount, time};
use crate::api::pages::view::View;
use crate::domain::alert::Alert;
use crate::domain::run::Run;
use crate::engine::ReplicaLook;

/// A lock that somebody has waited for so long is worth a look.
const LONG_WAIT: TimeDelta = TimeDelta::minutes(15);

/// The list. Sent with the table when that changes, and morphed into its place.
pub(super) fn attention(facts: &Facts, view: &View) -> Markup {
    let lines = lines(facts, view);
    html! {
        div #attention hx-swap-oob=[view.streamed.then_some("morph")] {
            @if !lines.is_empty() {
                section.attention aria-labelledby="attention-title" {
                    h2 #attention-title { "Needs attention" }
                    ul { @for line in &lines { (line) } }
                }
            }
        }
    }
}

fn lines(facts: &Facts, view: &View) -> Vec<Markup> {
    let mut lines = Vec::new();
    if facts.daemons.is_empty() && !facts.jobs.is_empty() {
        lines.push(line(
            Look::Failed,
            &html! { strong { "No daemon holds a lease." } " Nothing is started until one does." },
            &html! {
                a href=(links::DAEMONS) { "Daemons" }
            },
        ));
    }
    if facts.problems > 0 {
        let what = html! { strong { (facts.problems) } " of the things that jobs need don't work, as was found when they were last looked at" };
        lines.push(line(Look::Failed, &what, &html! { a href=(links::CONNECTIONS) { "Connections" } }));
    }
    lines.extend(facts.alerts.iter().filter(|alert| facts.still_true(alert)).map(|alert| told(alert, facts, view)));
    lines.extend(facts.failing.iter().map(|run| failed(run, facts, view)));
    let failing = facts.jobs.iter().filter(|job| job.failing.is_some()).count();
    if failing > FAILING {
        let more = html! { "and " (failing - FAILING) " more jobs that fail" };
        lines.push(line(Look::Failed, &more, &html! { a href="/?state=failing" { "Show them" } }));
    }
    for job in &facts.jobs {
        if let Some((since, problem)) = &job.broken {
            let what = html! {
                a href=(links::job(&job.name)) { (job.name) } ": its file is broken since " (time::ago(view, *since, Facts::zone(job)))
                "; the last good version is run " span.words { (problem) }
            };
            lines.push(line(Look::Failed, &what, &html! {}));
        }
    }
    lines.extend(facts.stale.iter().filter_map(|replica| too_old(replica, facts, view)));
    for lock in &facts.locks {
        if lock.state == "waiting" && view.now - lock.since > LONG_WAIT {
            let behind = lock.behind.zip(lock.behind_job.as_ref());
            let what = html! {
                a href=(links::run(lock.run)) { (lock.job) } " waits for lock " code { (lock.name) } " for "
                (time::since(view, lock.since, facts.zone_of(&lock.job)))
                @if let Some((run, job)) = behind { ", behind " a href=(links::run(run)) { (job) } }
            };
            lines.push(line(Look::Waiting, &what, &html! { a href=(links::LOCKS) { "Locks" } }));
        }
    }
    lines
}

fn failed(run: &Run, facts: &Facts, view: &View) -> Markup {
    let cause = run.cause();
    let step =
        run.steps.iter().rev().find(|step| step.attempts.last().is_some_and(|attempt| attempt.failure.is_some()));
    let ended = run.ended_at.unwrap_or(run.created_at);
    let what = html! {
        a href=(links::job(&run.job)) { (run.job) } " failed " (time::ago(view, ended, facts.zone_of(&run.job)))
        @if let Some(step) = step { " in " strong { (step.id) } }
        @if let Some(failure) = cause {
            " · " (failure.side.label()) " · " a href=(links::error(failure.code)) { (failure.code) }
            span.words { (failure.message.lines().next().unwrap_or_default()) }
        }
    };
    line(
        Look::Failed,
        &what,
        &html! { a.button href=(links::run(run.id)) { "Look" span.hidden { " at the run of " (run.job) } } },
    )
}

/// A deadline that was missed.
fn told(alert: &Alert, facts: &Facts, view: &View) -> Markup {
    let zone = facts.zone_of(&alert.job);
    let what = html! {
        a href=(links::job(&alert.job)) { (alert.job) }
        " had not succeeded by its deadline, " (time::ago(view, alert.detail.deadline.unwrap_or(alert.at), zone))
    };
    let act = html! {
        @match alert.run {
            Some(run) => a.button href=(links::run(run)) { "Look" span.hidden { " at the run of " (alert.job) } },
            None => a.button href=(links::job(&alert.job)) { "Look" span.hidden { " at " (alert.job) } },
        }
    };
    line(Look::Waiting, &what, &act)
}

/// A replica that is too old. One that was never published is none: its job tells why.
fn too_old(replica: &ReplicaLook, facts: &Facts, view: &View) -> Option<Markup> {
    let made_at = replica.manifest.as_ref()?.made_at;
    let limit = replica.max_age.unwrap_or_default();
    let what = html! {
        "Replica " code { (replica.place) } " of " a href=(links::job(&replica.job)) { (replica.job) }
        " was made " (time::ago(view, made_at, facts.zone_of(&replica.job))) "; at most " (amount::duration(limit)) " are allowed"
    };
    Some(line(Look::Failed, &what, &html! { a href=(links::REPLICAS) { "Replicas" } }))
}

fn line(look: Look, what: &Markup, act: &Markup) -> Markup {
    html! { li.(look.class()) { (glyph(look)) div.what { (what) } div.act { (act) } } }
}

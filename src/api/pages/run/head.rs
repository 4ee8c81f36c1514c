//! The head of a run: what it is a run of, who started it, and how long it took.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::acts;
use crate::api::pages::parts;
use crate::domain::run::Run;
use crate::domain::state::RunState;

/// The head.
pub(super) fn head(run: &Run, now: DateTime<Utc>) -> Markup {
    html! {
        div.head {
            div {
                p.crumbs { a href="/" { "Jobs" } " / " a href={ "/jobs/" (run.job) } { (run.job) } }
                h1 { (run.job) " " (parts::state(run.state.label())) }
                @if let (Some(what), Some(since)) = (&run.waiting_for, run.waiting_since) {
                    p.is-waiting { "Waits for " (what) ", since " (parts::time(since)) }
                }
            }
            // A failed run has them where its failure is told.
            @if run.state != RunState::Failed { (acts::acts(run)) }
        }
        dl.facts.row-facts {
            dt { "Run" } dd { code { (run.id) } }
            dt { "Started by" } dd { (run.trigger.label()) }
            dt { "Scheduled for" } dd { (parts::time(run.scheduled_for)) (lag(run)) }
            dt { "Took" } dd { (took(run, now)) }
            @if !run.params.is_empty() {
                dt { "Params" }
                dd { @for (name, value) in &run.params { span.param { code { (name) } " = " code { (value) } " " } } }
            }
            @for lock in &run.locks {
                dt { "Lock" }
                dd { code { (lock.name) } span.quiet { " waited " (parts::seconds(lock.waited_s)) ", token " (lock.token) } }
            }
        }
    }
}

/// How long after its time the run began, where that is worth a word.
fn lag(run: &Run) -> Markup {
    let lag = run.started_at.map(|started| started - run.scheduled_for);
    html! {
        @if let Some(lag) = lag.filter(|lag| lag.num_milliseconds() >= 100) {
            span.quiet { ", began " (parts::duration(lag)) " later" }
        }
    }
}

fn took(run: &Run, now: DateTime<Utc>) -> String {
    match (run.started_at, run.ended_at) {
        (Some(started), Some(ended)) => parts::duration(ended - started),
        (Some(started), None) => format!("{} so far", parts::duration(now - started)),
        (None, _) => "not begun".to_owned(),
    }
}

//! The head of a run: what it is a run of, who started it, and how long it took.

use maud::{Markup, html};

use super::acts;
use super::shown::{Shown, length, seconds};
use crate::api::pages::links;
use crate::api::pages::parts::state::state;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::store::AuditRow;

/// The head.
pub(super) fn head(shown: &Shown) -> Markup {
    let run = &shown.run;
    html! {
        div.head {
            div {
                p.crumbs { a href="/" { "Jobs" } " / " a href=(links::job(&run.job)) { (run.job) } }
                h1 { (run.job) " " (state(run.state.label())) }
                @if let (Some(what), Some(since)) = (&run.waiting_for, run.waiting_since) {
                    p.is-waiting { "Waits for " (what) ", since " (shown.time(since)) }
                }
            }
            // A failed run has them where its failure is told.
            @if run.state != RunState::Failed { (acts::acts(run)) }
        }
        dl.facts.row-facts {
            dt { "Run" } dd { code { (run.id) } }
            dt { "Started by" } dd { (run.trigger.label()) (starter(shown)) }
            dt { "Scheduled for" } dd { (shown.time(run.scheduled_for)) " " span.quiet { (shown.ago(run.scheduled_for)) } (lag(run)) }
            dt { "Took" } dd { (took(shown)) }
            @for act in &shown.acts { (later(act, shown)) }
            @if !run.params.is_empty() {
                dt { "Params" }
                dd { @for (name, value) in &run.params { span.param { code { (name) } " = " code { (value) } " " } } }
            }
            @for lock in &run.locks {
                dt { "Lock" }
                dd { code { (lock.name) } span.quiet { " waited " (seconds(lock.waited_s)) ", token " (lock.token) } }
            }
        }
    }
}

/// Who started it, where somebody did.
fn starter(shown: &Shown) -> Markup {
    let started = shown.acts.iter().find(|act| matches!(act.action.as_str(), "trigger" | "run"));
    html! { @if let Some(act) = started { ", " strong { (act.actor) } } }
}

/// What somebody did to it later.
fn later(act: &AuditRow, shown: &Shown) -> Markup {
    let (what, from) = match act.action.as_str() {
        "cancel" => ("Cancelled by", None),
        "retry" => ("Retried by", act.detail["from"].as_str()),
        _ => return html! {},
    };
    html! {
        dt { (what) }
        dd { strong { (act.actor) } " " span.quiet { (shown.ago(act.at)) @if let Some(step) = from { ", from " (step) } } }
    }
}

/// How long after its time the run began, where that is worth a word.
fn lag(run: &Run) -> Markup {
    let lag = run.started_at.map(|started| started - run.scheduled_for);
    html! {
        @if let Some(lag) = lag.filter(|lag| lag.num_milliseconds() >= 100) {
            span.quiet { ", began " (length(lag)) " later" }
        }
    }
}

fn took(shown: &Shown) -> Markup {
    html! {
        @match (shown.run.started_at, shown.run.ended_at) {
            (Some(started), Some(ended)) => (length(ended - started)),
            (Some(started), None) => { (shown.since(started)) " so far" }
            (None, _) => "not begun",
        }
    }
}

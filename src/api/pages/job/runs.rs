//! The newest runs of a job, one line each.

use maud::{Markup, html};

use super::facts::Facts;
use crate::api::pages::links;
use crate::api::pages::parts::empty::empty;
use crate::api::pages::parts::state::state;
use crate::api::pages::parts::{amount, time};
use crate::api::pages::view::View;
use crate::domain::job::Job;
use crate::domain::run::{Run, Trigger};

/// The table, or what to do where there is none.
pub(super) fn table(facts: &Facts, view: &View) -> Markup {
    if facts.listed.is_empty() {
        let command = format!("windlass trigger {}", facts.job.name);
        return empty("It has never run.", "Run it above, or type:", Some(&command));
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Newest runs" {
            table {
                thead { tr {
                    th scope="col" { "State" }
                    th scope="col" { "Due or made" }
                    th scope="col" { "Started by" }
                    th.number scope="col" { "Waited" }
                    th.number scope="col" { "Took" }
                    th scope="col" { "What happened" }
                } }
                tbody { @for run in &facts.listed { (row(run, facts, view)) } }
            }
        }
    }
}

fn row(run: &Run, facts: &Facts, view: &View) -> Markup {
    let zone = facts.zone();
    html! {
        tr {
            td { a.plain href=(links::run(run.id)) { (state(run.state.label())) } }
            td.nowrap { (time::at(view, run.scheduled_for, zone)) " " span.quiet.small { (time::ago(view, run.scheduled_for, zone)) } }
            td { (started_by(run, facts.definition())) }
            td.number { @if let Some(started) = run.started_at { (amount::duration(time::between(run.created_at, started))) } }
            td.number {
                @match (run.started_at, run.ended_at) {
                    (Some(started), Some(ended)) => (amount::duration(time::between(started, ended))),
                    (Some(started), None) => (time::since(view, started, zone)),
                    (None, _) => "",
                }
            }
            td.happened { (what_happened(run)) }
        }
    }
}

/// Who started it, and parameters that are not as usual.
fn started_by(run: &Run, job: &Job) -> Markup {
    let who = match run.trigger {
        Trigger::Schedule => "schedule",
        Trigger::Manual => "hand",
        Trigger::Step => "another run",
        Trigger::Backfill => "backfill",
    };
    let usual =
        |name: &str| job.params.iter().find(|param| param.name == name).and_then(|param| param.default.as_deref());
    let given = run.params.iter().filter(|(name, value)| usual(name) != Some(value));
    let params: Vec<String> = given.map(|(name, value)| format!("{name}={value}")).collect();
    html! { (who) @if !params.is_empty() { span.quiet { " · " (params.join(", ")) } } }
}

/// Why it failed, what it waits for, or the step that it is at.
fn what_happened(run: &Run) -> Markup {
    if let (Some(failure), true) = (run.cause(), run.state.is_final()) {
        return html! {
            a href=(links::error(failure.code)) { (failure.code) } " " (failure.side.label()) ": "
            span { (failure.message.lines().next().unwrap_or_default()) }
        };
    }
    if let Some(waits) = &run.waiting_for {
        return html! { "waits for " (waits) };
    }
    let at = run.steps.iter().find(|step| step.attempts.last().is_some_and(|attempt| attempt.ended_at.is_none()));
    html! { @if let Some(step) = at { "at " (step.id) } }
}

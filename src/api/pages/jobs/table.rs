//! The table of jobs.

use std::time::Duration;

use chrono_tz::Tz;
use maud::{Markup, html};

use super::facts::{Facts, STRIP, bars, took, usual};
use super::filter::{Filter, Sort, due};
use crate::api::pages::links;
use crate::api::pages::parts::empty::empty;
use crate::api::pages::parts::state::state;
use crate::api::pages::parts::strip::strip;
use crate::api::pages::parts::{amount, time};
use crate::api::pages::view::View;
use crate::domain::job::Job;
use crate::store::{JobOverview, RunBrief};

/// The table, or what there is instead.
pub(super) fn table(facts: &Facts, filter: &Filter, view: &View) -> Markup {
    if facts.jobs.is_empty() {
        let next = "A job file in the jobs_dir is picked up at once. To see whether it is right:";
        return empty("No jobs are loaded yet.", next, Some("windlass check FILE"));
    }
    if facts.chosen.is_empty() {
        return html! { div.empty { p { strong { "No job is like this." } " " a href="/" { "All " (facts.jobs.len()) " jobs" } } } };
    }
    let shown = filter.page_of(&facts.chosen);
    html! {
        form #(ACTS) method="post" {}
        div.scroll tabindex="0" role="region" aria-label="Jobs" {
            table.jobs {
                thead {
                    tr {
                        (column("Job", filter, Sort::Name))
                        (column("Last runs", filter, Sort::State))
                        (column("Last run", filter, Sort::Last))
                        (column("Next due", filter, Sort::Next))
                        th scope="col" { "Schedule" }
                        th scope="col" { span.hidden { "Acts" } }
                    }
                }
                tbody { @for at in shown { (row(&facts.jobs[*at], facts, view)) } }
            }
        }
        (pages(facts, filter))
    }
}

fn column(name: &str, filter: &Filter, sort: Sort) -> Markup {
    let sorted = filter.sort == sort;
    let other = Filter { sort, page: 1, ..filter.clone() };
    html! {
        th scope="col" aria-sort=[sorted.then_some(if sort == Sort::Last { "descending" } else { "ascending" })] {
            a href={ "/" (other.query()) } { (name) @if sorted { " ↓" } }
        }
    }
}

fn row(job: &JobOverview, facts: &Facts, view: &View) -> Markup {
    let (zone, runs, definition) = (Facts::zone(job), facts.strip(job), facts.job(job));
    html! {
        tr {
            th.job scope="row" {
                a href=(links::job(&job.name)) { (job.name) }
                @if let Some(description) = definition.and_then(|job| job.description.as_deref()) { span.under { (description) } }
            }
            td.runs { (strip(&job.name, &bars(runs, view), STRIP as usize, view, zone)) }
            td.last { @if let Some(last) = &job.last { (last_run(last, usual(runs), view, zone)) } @else { span.quiet { "never run" } } }
            td.next { (next(job, view, zone)) }
            td.schedule {
                @if let Some(schedule) = &job.schedule { (schedule.words()) span.under { (schedule.zone.name()) } }
                @else { span.quiet { "started by hand" } }
            }
            td.acts-of-job { (acts(job, definition)) }
        }
    }
}

fn last_run(last: &RunBrief, usual: Option<Duration>, view: &View, zone: Tz) -> Markup {
    let took = took(last, view);
    html! {
        a.plain href=(links::run(last.id)) { (state(&last.state)) } " "
        @match (last.ended_at, last.started_at) {
            (Some(ended), _) => { (time::ago(view, ended, zone)) }
            (None, Some(started)) => { (time::since(view, started, zone)) }
            (None, None) => { (time::since(view, last.created_at, zone)) }
        }
        span.under {
            @if let (Some(took), Some(_)) = (took, last.ended_at) {
                (amount::duration(took)) @if let Some(times) = against(took, usual) { " · " (times) }
            } @else if let Some(waits) = &last.waiting_for { (waits) }
            @else if let Some(usual) = usual { "usually " (amount::duration(usual)) }
        }
    }
}

/// A duration against the usual one, where it is worth saying.
fn against(took: Duration, usual: Option<Duration>) -> Option<String> {
    let share = took.as_secs_f64() / usual.filter(|usual| !usual.is_zero())?.as_secs_f64();
    // What takes less than a second is long or short by chance.
    (took.as_secs() >= 1 && !(0.67..1.5).contains(&share)).then(|| format!("{share:.1} × usual"))
}

fn next(job: &JobOverview, view: &View, zone: Tz) -> Markup {
    if let Some(pause) = &job.pause {
        return html! {
            (state("paused")) " " (time::ago(view, pause.since, zone))
            @if pause.by.is_some() || pause.note.is_some() {
                span.under { (pause.by.as_deref().unwrap_or("somebody")) @if let Some(note) = &pause.note { ": " (note) } }
            }
        };
    }
    let when = |due| html! { (time::ago(view, due, zone)) span.under { (time::at(view, due, zone)) } };
    due(job).map_or_else(|| html! { span.quiet { "–" } }, when)
}

/// The form that the buttons of all rows send: each says where to.
const ACTS: &str = "acts-of-jobs";

/// Starting and pausing. What needs parameters is started from its own page.
fn acts(job: &JobOverview, definition: Option<&Job>) -> Markup {
    let asks = definition.is_some_and(|job| job.params.iter().any(|param| param.default.is_none()));
    let page = links::job(&job.name);
    let button = |word: &str, act: &str| {
        html! { button form=(ACTS) formaction={ (page) "/" (act) } aria-label={ (word) " " (job.name) } { (word) } }
    };
    html! {
        @if asks { a.button href={ (page) "#run" } aria-label={ "Run " (job.name) } { "Run…" } }
        @else { (button("Run", "run")) }
        @if job.pause.is_some() { (button("Resume", "resume")) }
        @else if job.schedule.is_some() { (button("Pause", "pause")) }
    }
}

fn pages(facts: &Facts, filter: &Filter) -> Markup {
    let (chosen, all) = (facts.chosen.len(), facts.jobs.len());
    let (number, pages) = (filter.number(chosen), Filter::pages(chosen));
    let to = |page| format!("/{}", Filter { page, ..filter.clone() }.query());
    html! {
        p.pages {
            span { (amount::count(chosen as u64)) @if chosen != all { " of " (amount::count(all as u64)) } @if all == 1 { " job" } @else { " jobs" } }
            @if pages > 1 {
                @if number > 1 { a href=(to(number - 1)) rel="prev" { "← before" } }
                span { "page " (number) " of " (pages) }
                @if number < pages { a href=(to(number + 1)) rel="next" { "after →" } }
            }
            @if !filter.is_empty() { a href="/" { "all jobs" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unusual_is_told() {
        let seconds = |seconds| Duration::from_secs(seconds);
        assert_eq!(against(seconds(42), Some(seconds(20))).as_deref(), Some("2.1 × usual"));
        assert_eq!([against(seconds(21), Some(seconds(20))), against(seconds(21), None)], [None, None]);
        assert_eq!(against(seconds(3), Some(Duration::ZERO)), None);
    }
}

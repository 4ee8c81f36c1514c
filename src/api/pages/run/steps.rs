//! The steps of a run, folded: how far each is, what it came to, its attempts, and what it has sent to servers.

use maud::{Markup, html};

use super::shown::{Shown, length};
use super::{acts, outcome, rate, sent, workers};
use crate::api::pages::links;
use crate::api::pages::parts::amount;
use crate::api::pages::parts::state::state;
use crate::domain::progress::{Progress, TableProgress};
use crate::domain::run::{Attempt, RunStep};
use crate::domain::state::{RunState, StepState};

/// One step. `said`: what its last attempt has sent, where that is shown at once.
pub(super) fn step(shown: &Shown, step: &RunStep, said: Option<&[String]>) -> Markup {
    let run = &shown.run;
    let open = is_news(step.state);
    let last = step.attempts.last();
    html! {
        details.card.step id={ "step-" (step.id) } open[open] {
            summary {
                strong { (step.id) }
                span.quiet { (step.kind) }
                (state(step.state.label()))
                span.quiet.small { (in_short(step)) }
            }
            @if let Some(progress) = last.filter(|last| last.ended_at.is_none()).and_then(|last| last.progress.as_ref()) {
                (how_far(progress))
            }
            @if let Some(came) = last.and_then(|last| last.progress.as_ref()) {
                @if let (Some(tried), true) = (&came.workers, last.is_some_and(|last| last.outcome.is_none())) { (workers::workers(tried)) }
                (rate::curve(&came.samples, last.is_some_and(|last| last.ended_at.is_some())))
            }
            @if let Some(came_to) = last.and_then(|last| last.outcome.as_ref()) {
                @if let Some(came_out) = &came_to.workers { (workers::workers(came_out)) }
                (outcome::outcome(came_to))
            }
            @if !step.attempts.is_empty() { (attempts(shown, step)) }
            (sent::sent(shown.run.id, step, said))
            @if matches!(run.state, RunState::Failed | RunState::Cancelled) && !step.attempts.is_empty() {
                div.acts { (acts::retry(run, &step.id, "Retry from here", false)) }
            }
        }
    }
}

/// Whether a step in that state is what somebody comes for.
pub(super) const fn is_news(state: StepState) -> bool {
    matches!(state, StepState::Running | StepState::Retrying | StepState::Failed)
}

/// Rows, bytes and workers, on the folded line.
fn in_short(step: &RunStep) -> String {
    let mut words = Vec::new();
    if step.attempts.len() > 1 {
        words.push(format!("{} attempts", step.attempts.len()));
    }
    if let Some(outcome) = step.attempts.iter().rev().find_map(|attempt| attempt.outcome.as_ref()) {
        words.extend(outcome.rows.map(|rows| format!("{} rows", amount::count(rows))));
        words.extend(outcome.bytes.filter(|bytes| *bytes > 0).map(amount::bytes));
        words.extend(outcome.workers.as_ref().map(|of| format!("{} of {} workers", of.achieved, of.target)));
        words.extend(outcome.generation.map(|generation| format!("generation {generation}")));
    }
    words.join(" · ")
}

/// How far a running attempt is.
fn how_far(progress: &Progress) -> Markup {
    let share = share(progress.bytes, progress.bytes_expected).or_else(|| share(progress.rows, progress.rows_expected));
    let words =
        numbers(progress.rows, progress.rows_expected, progress.bytes, progress.bytes_per_s, progress.seconds_left);
    html! {
        div.progress {
            p { (progress.phase) @if !words.is_empty() { span.quiet { " · " (words) } } }
            @if let Some(share) = share { progress value=(share) max="1000" aria-label=(progress.phase) {} }
            @if progress.tables.len() > 1 {
                ul.plain.small { @for table in &progress.tables { li { code { (table.table) } " " span.quiet { (of_table(table)) } } } }
            }
        }
    }
}

fn of_table(table: &TableProgress) -> String {
    numbers(Some(table.rows), table.rows_expected, Some(table.bytes), table.bytes_per_s, table.seconds_left)
}

fn numbers(
    rows: Option<u64>,
    rows_expected: Option<u64>,
    bytes: Option<u64>,
    rate: Option<u64>,
    left: Option<u64>,
) -> String {
    let mut words = Vec::new();
    if let Some(rows) = rows {
        let of = rows_expected.map(|all| format!(" of about {}", amount::count(all))).unwrap_or_default();
        words.push(format!("{}{of} rows", amount::count(rows)));
    }
    words.extend(bytes.filter(|bytes| *bytes > 0).map(amount::bytes));
    words.extend(rate.map(|rate| format!("{}/s", amount::bytes(rate))));
    words.extend(left.map(|left| format!("{} left", amount::whole(std::time::Duration::from_secs(left)))));
    words.join(" · ")
}

/// Thousandths done.
fn share(done: Option<u64>, expected: Option<u64>) -> Option<u64> {
    let (done, expected) = (done?, expected.filter(|expected| *expected > 0)?);
    Some((done.saturating_mul(1000) / expected).min(1000))
}

fn attempts(shown: &Shown, step: &RunStep) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "Attempt" } th { "State" } th { "Began" } th.number { "Took" } th { "Why it ended" } } }
                tbody { @for attempt in &step.attempts { (row(shown, step, attempt)) } }
            }
        }
    }
}

fn row(shown: &Shown, step: &RunStep, attempt: &Attempt) -> Markup {
    html! {
        tr {
            td { a href={ (links::run(shown.run.id)) "?step=" (links::part(&step.id)) "&attempt=" (attempt.number) "#log" } { (attempt.number) } }
            td { (state(attempt.state.label())) }
            td { (shown.time(attempt.started_at)) }
            td.number { @match attempt.ended_at { Some(ended) => (length(ended - attempt.started_at)), None => (shown.since(attempt.started_at)) } }
            td.why {
                @if let Some(failure) = &attempt.failure {
                    a href=(links::error(failure.code)) { (failure.code) } " " span.words { (failure.message) }
                    @if let Some(sqlstate) = &failure.sqlstate { span.quiet { " SQLSTATE " (sqlstate) } }
                }
            }
        }
    }
}

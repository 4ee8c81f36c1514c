//! What an attempt has sent to servers: shown at once where it failed, fetched where somebody asks for it. It stands in the
//! attempt's log, which may be long.

use std::collections::HashMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::{lines, log};
use crate::api::pages::backend::Reached;
use crate::api::pages::layout::{self, Place};
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::api::pages::{find, links};
use crate::domain::ids::RunId;
use crate::domain::run::{Run, RunStep};
use crate::domain::state::StepState;

/// Statements by step and attempt.
type Statements = HashMap<(usize, u32), Vec<String>>;

/// What attempts that failed had sent. An attempt that has ended sends no more, so its log is read once for a page.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<Mutex<Statements>>);

impl Sent {
    /// What the last attempt of each step has sent, where that is shown at once.
    pub(super) async fn of(&self, logs: &FilePath, run: &Run) -> Vec<Option<Vec<String>>> {
        let mut all = Vec::with_capacity(run.steps.len());
        for (index, step) in run.steps.iter().enumerate() {
            let last = step.attempts.last().filter(|last| step.state == StepState::Failed && last.ended_at.is_some());
            all.push(match last {
                Some(last) => Some(self.read(logs, run.id, (index, last.number)).await),
                None => None,
            });
        }
        all
    }

    async fn read(&self, logs: &FilePath, run: RunId, attempt: (usize, u32)) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&attempt).cloned();
        if let Some(known) = known {
            return known;
        }
        let read = read(logs, run, attempt).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(attempt, read.clone());
        read
    }
}

async fn read(logs: &FilePath, run: RunId, (step, attempt): (usize, u32)) -> Vec<String> {
    let lines = log::of_attempt(logs, run, step, attempt).await;
    lines::sent(&lines).map(str::to_owned).collect()
}

/// What the last attempt of a step has sent; open where it failed.
pub(super) fn sent(run: RunId, step: &RunStep, said: Option<&[String]>) -> Markup {
    let Some(last) = step.attempts.last() else { return html! {} };
    // These speak to no server.
    if matches!(step.kind.as_str(), "command" | "trigger") || said.is_some_and(<[String]>::is_empty) {
        return html! {};
    }
    if let Some(said) = said {
        return html! { details open { summary { "As sent" } (statements(said)) } };
    }
    let id = format!("sent-{}-{}", step.id, last.number);
    let url = format!("{}/sent?step={}&attempt={}", links::run(run), links::part(&step.id), last.number);
    html! {
        details id=(id) hx-get=(url) hx-trigger="toggle once" hx-select="main .sent" hx-target="find div" {
            summary { "As sent" }
            // What was fetched stays when the page around it changes.
            div data-keep { a href=(url) { "What attempt " (last.number) " has sent" } }
        }
    }
}

fn statements(all: &[String]) -> Markup {
    html! { @for statement in all { pre.sent tabindex="0" { (statement) } } }
}

/// Which attempt.
#[derive(Deserialize)]
pub(super) struct Asked {
    step: String,
    attempt: u32,
}

/// `GET /runs/{run}/sent`: what an attempt has sent so far.
pub(super) async fn page(
    view: View,
    Reached(backend): Reached,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let run = find::run(&backend, &id).await?;
    let index = run.steps.iter().position(|step| step.id == asked.step);
    let index = index.ok_or_else(|| Problem::Unknown("step", asked.step.clone()))?;
    let all = read(&backend.logs, run.id, (index, asked.attempt)).await;
    let back = links::run(run.id);
    let body = html! {
        p.crumbs { a href="/" { "Jobs" } " / " a href=(links::job(&run.job)) { (run.job) } " / " a href=(back) { "run" } }
        h1 { "Sent by step " (asked.step) ", attempt " (asked.attempt) }
        @if all.is_empty() { p.sent.quiet { "Its log on this machine tells of nothing." } }
        (statements(&all))
    };
    Ok(layout::page("As sent", &view, Place::Jobs, body))
}

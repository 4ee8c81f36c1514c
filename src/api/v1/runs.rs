//! The list of runs.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Asked, limit, unreadable};
use super::page::{Page, page};
use crate::actions::suggest;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::run::{Run, Trigger};
use crate::domain::state::RunState;
use crate::store::{RunFilter, RunPlace};

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only of this job.
    job: Option<String>,
    /// Only in one of these states, with commas between: `queued`, `waiting`, `running`, `succeeded`, `failed`, `cancelled`.
    #[param(example = "failed,cancelled")]
    state: Option<String>,
    /// Only those started so: `schedule`, `manual`, `step`, `backfill`.
    #[param(value_type = Option<Trigger>)]
    trigger: Option<String>,
    /// Only those made at this time or later.
    since: Option<DateTime<Utc>>,
    /// Only those that come after this place; the `Link` header of a page has the address of the next.
    after: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Lists runs
///
/// Newest first, with their steps and attempts.
#[utoipa::path(get, operation_id = "list_runs", path = "/runs", tag = "runs", params(Which),
    responses((status = 200, description = "The runs", body = Vec<Run>,
        headers(("Link" = Option<String>, description = "`<…>; rel=\"next\"` where there may be more")))))]
pub(super) async fn list(_: Caller, backend: Backend, Asked(which): Asked<Which>) -> Result<Page<Run>, Problem> {
    let limit = limit(which.limit, 50, 500)?;
    let states = which.state.iter().flat_map(|words| words.split(',')).map(state).collect::<Result<_, _>>()?;
    let filter = RunFilter {
        job: which.job.clone(),
        states,
        trigger: which.trigger.as_deref().map(trigger).transpose()?,
        since: which.since,
        after: which.after.as_deref().map(place).transpose()?,
        limit,
        ..RunFilter::default()
    };
    let runs = backend.store.runs(&filter).await?;
    let since = which.since.map(|since| since.to_rfc3339());
    let asked = [("job", which.job), ("state", which.state), ("trigger", which.trigger), ("since", since)];
    Ok(page(runs, limit, "/runs", &asked, |run| RunPlace { created_at: run.created_at, id: run.id }.text()))
}

fn state(word: &str) -> Result<RunState, Problem> {
    word.parse().map_err(|_| {
        let known = RunState::ALL.iter().map(|state| state.label());
        let all = format!("states: {}", known.clone().collect::<Vec<_>>().join(", "));
        unreadable(format!("`{word}` is not a state of a run")).with_hint(suggest::hint(word, known, &all))
    })
}

fn trigger(word: &str) -> Result<Trigger, Problem> {
    let wrong =
        || unreadable(format!("`{word}` is no way to start a run")).with_hint("schedule, manual, step, backfill");
    Trigger::from_label(word).ok_or_else(wrong)
}

fn place(text: &str) -> Result<RunPlace, Problem> {
    let wrong = || unreadable("`after` is no place in the list").with_hint("take it from the `Link` header of a page");
    RunPlace::parse(text).ok_or_else(wrong)
}

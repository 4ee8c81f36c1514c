//! What can be done with a run: forms, that work without a script.

use maud::{Markup, html};

use crate::api::pages::links;
use crate::domain::run::Run;
use crate::domain::state::RunState;

/// The forms that fit the run's state.
pub(super) fn acts(run: &Run) -> Markup {
    let first = run.steps.first().map(|step| step.id.as_str());
    let from = run.steps.get(run.first_unfinished()).map(|step| step.id.as_str());
    html! {
        div.acts {
            @match run.state {
                RunState::Failed | RunState::Cancelled => {
                    @if let Some(from) = from {
                        (retry(run, from, &format!("Retry from {from}"), true))
                    }
                    @if first != from && let Some(first) = first {
                        (retry(run, first, "Retry all steps", false))
                    }
                }
                RunState::Queued | RunState::Waiting | RunState::Running if run.cancel_requested_at.is_none() => {
                    a.button.danger href={ (links::run(run.id)) "/cancel" } { "Cancel…" }
                }
                RunState::Queued | RunState::Waiting | RunState::Running => { span.quiet { "Being cancelled" } }
                RunState::Succeeded => {}
            }
        }
    }
}

/// A button that queues the run again from a step on.
pub(super) fn retry(run: &Run, step: &str, words: &str, main: bool) -> Markup {
    html! {
        form.inline method="post" action={ (links::run(run.id)) "/retry" } {
            input type="hidden" name="from" value=(step);
            button.main[main] { (words) }
        }
    }
}

/// What cancelling will do, told before it is done.
pub(super) fn consequences(run: &Run) -> Vec<String> {
    let mut all = Vec::new();
    match run.steps.iter().find(|step| step.attempts.last().is_some_and(|last| last.ended_at.is_none())) {
        Some(step) => {
            all.push(format!("stops step {}: {}", step.id, stops(&step.kind)));
            all.push("removes what this step has begun; what earlier steps have published stays".to_owned());
        }
        None => all.push("takes it out of the queue; nothing is running".to_owned()),
    }
    for lock in &run.locks {
        all.push(format!("frees lock {} once the work has stopped", lock.name));
    }
    all.push("the run can be retried later, from the step where it was".to_owned());
    all
}

/// How a step of that kind is stopped.
fn stops(kind: &str) -> &'static str {
    match kind {
        "parallel_ctas" => "cancels its query on the server, drops its unfinished table",
        "copy_to_staging" => "ends COPY on both servers; the staging table keeps its old rows",
        "publish_replica" => "removes the unfinished file; readers keep the old generation",
        "collect" => "ends the request, deletes the report that it created; the table keeps its old rows",
        "command" => "asks its process group to end, then kills it",
        "trigger" => "the run that it started goes on",
        _ => "cancels its statement on the server and rolls back",
    }
}

//! A new round of a finished run, from the step that failed or another.

use serde_json::json;

use super::find;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::store::{Actor, Store};

/// A run that was queued again.
pub struct Retried {
    /// The run.
    pub run: Run,
    /// The step it starts at; `None`: there is nothing left to do.
    pub from: Option<String>,
}

/// Queues a failed or cancelled run again.
pub async fn retry(store: &Store, actor: &Actor, run: &Run, from: Option<&str>) -> Result<Retried, Failure> {
    if !matches!(run.state, RunState::Failed | RunState::Cancelled) {
        let message = format!("run {} is {}; only a failed or cancelled run can be retried", run.id, run.state);
        return Err(Failure::permanent(Code::Conflict, Side::Internal, message)
            .with_hint(format!("`windlass trigger {}` makes a new run", run.job)));
    }
    let from = match from {
        Some(step) => {
            let stored = store.definition_of(run.id).await?.ok_or_else(|| find::no_run(&run.id.to_string()))?;
            find::step(&stored.definition.job, step)?
        }
        None => run.first_unfinished(),
    };
    let name = run.steps.get(from).map(|step| step.id.clone());
    store.retry(actor, run.id, from, json!({"from": name})).await?;
    Ok(Retried { run: find::run(store, &run.id.to_string()).await?, from: name })
}

//! `windlass retry`: a new round of a finished run, from the step that failed or another.

use super::arguments::{Global, RetryArguments};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, told};
use crate::domain::code::Code;
use crate::domain::state::RunState;

/// Queues a failed or cancelled run again.
pub(super) async fn run(arguments: &RetryArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let store = &opened.store;
        let run = find::run(store, &arguments.run).await?;
        if !matches!(run.state, RunState::Failed | RunState::Cancelled) {
            return Err(CliError::input(
                Code::Parameter,
                format!("run {} is {}; only a failed or cancelled run can be retried", run.id, run.state),
                format!("`windlass trigger {}` makes a new run", run.job),
            ));
        }
        let from = match &arguments.from {
            Some(step) => {
                let stored = store.definition_of(run.id).await?;
                let stored = stored.ok_or_else(|| {
                    CliError::input(Code::NotFound, format!("run {} is gone", run.id), "`windlass runs` lists runs")
                })?;
                find::step(&stored.definition.job, step)?
            }
            None => run.first_unfinished(),
        };
        store.retry_run(run.id, from, None).await?;
        opened.audit("retry", &run.id.to_string()).await?;
        let step = run.steps.get(from).map_or("its end", |step| step.id.as_str());
        let run = find::run(store, &run.id.to_string()).await?;
        told(global, &run, &format!("Run {} is queued again, from step {step}.", run.id))
    })
    .await
}

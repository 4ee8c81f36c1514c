//! `windlass retry`: a new round of a finished run, from the step that failed or another.

use super::arguments::{Global, RetryArguments};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, told};
use crate::actions::retry as actions;

/// Queues a failed or cancelled run again.
pub(super) async fn run(arguments: &RetryArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let run = find::run(&opened.store, &arguments.run).await?;
        let retried = actions::retry(&opened.store, &opened.actor(), &run, arguments.from.as_deref()).await?;
        let step = retried.from.as_deref().unwrap_or("its end");
        told(global, &retried.run, &format!("Run {} is queued again, from step {step}.", run.id))
    })
    .await
}

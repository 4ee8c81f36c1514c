//! `windlass trigger`: a run in the queue, for whichever daemon is free.

use super::arguments::{Global, TriggerArguments};
use super::error::{CliError, Exit};
use super::opened::{Opened, with_state};
use super::{find, job_source, output, params, told};
use crate::actions::trigger as actions;
use crate::store::StoredJob;

/// Queues a run of a job.
pub(super) async fn run(arguments: &TriggerArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    with_state(global, async |opened| {
        let stored = job(opened, &arguments.job).await?;
        let run = actions::trigger(&opened.store, &opened.actor(), &stored, given, None).await?.run;
        let (id, name) = (run.id, &run.job);
        told(global, &run, &format!("Run {id} of {name} is queued: windlass show {id}"))?;
        if opened.store.daemons().await?.is_empty() {
            output::note("No daemon is running: the run waits until `windlass serve` is started.");
        }
        Ok(Exit::Done)
    })
    .await
}

/// The job as the daemon knows it, else as the `jobs_dir` has it.
async fn job(opened: &Opened, name: &str) -> Result<StoredJob, CliError> {
    if let Some(stored) = opened.store.job(name).await? {
        return Ok(stored);
    }
    let loaded = job_source::files(&opened.workspace).into_iter().find_map(|(_, loaded)| {
        let loaded = loaded.ok()?;
        (loaded.job.name == name).then_some(loaded)
    });
    match loaded {
        Some(loaded) => {
            let definition = job_source::definition(loaded);
            let hash = opened.store.save_job(&definition).await?;
            Ok(StoredJob { hash, definition })
        }
        None => Err(find::no_job(&opened.store, name).await.into()),
    }
}

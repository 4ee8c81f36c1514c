//! `windlass trigger`: a run in the queue, for whichever daemon is free.

use super::arguments::{Global, TriggerArguments};
use super::error::{CliError, Exit};
use super::opened::{Opened, with_state};
use super::{find, job_source, output, params, told};
use crate::store::{NewRun, StoredJob};

/// Queues a run of a job.
pub(super) async fn run(arguments: &TriggerArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    with_state(global, async |opened| {
        let stored = job(opened, &arguments.job).await?;
        let name = stored.definition.job.name.clone();
        let new = NewRun::manual(&name, stored.hash, crate::domain::params::complete(&stored.definition.job, given)?);
        let id = opened.store.create_run(&new).await?;
        opened.audit("trigger", &format!("{name} {id}")).await?;
        let run = find::run(&opened.store, &id.to_string()).await?;
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
        None => Err(find::no_job(&opened.store, name).await),
    }
}

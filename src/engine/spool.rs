//! What attempts keep on this machine for the next one goes when their run ends, whoever ends it.
//!
//! A daemon that ends a run clears its own spool before. What lies on other machines, because an attempt failed or died
//! there, is found by housekeeping of the daemons there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::aside::aside;
use super::shared::Shared;
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::domain::state::RunState;
use crate::steps;

/// Clears what a run's attempts have kept here, right before its end in that state. An attempt that succeeded has taken it.
pub(super) async fn clear(shared: &Shared, job: &Job, run: RunId, state: RunState) {
    if state == RunState::Succeeded || !job.steps.iter().any(|step| step.kind.keeps_for_next_attempt()) {
        return;
    }
    let environment = Arc::clone(&shared.environment);
    match tokio::task::spawn_blocking(move || steps::clear_spool(&environment, run)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "what the run has left in the spool could not be removed; housekeeping will");
        }
        Err(error) => tracing::error!(%error, "clearing the spool panicked"),
    }
}

/// Removes what lies here of runs that have ended. Listed first: what a run that is begun again puts there stays.
pub(super) async fn sweep(shared: &Shared) {
    let environment = Arc::clone(&shared.environment);
    let left = match tokio::task::spawn_blocking(move || steps::spooled(&environment)).await {
        Ok(Ok(left)) if left.is_empty() => return,
        Ok(Ok(left)) => left,
        Ok(Err(error)) => return tracing::warn!(%error, "the spool can't be read"),
        Err(error) => return tracing::error!(%error, "reading the spool panicked"),
    };
    let runs: Vec<RunId> = left.iter().map(|(run, _)| *run).collect();
    let ended: BTreeSet<RunId> = match shared.store.ended_among(&runs).await {
        Ok(ended) => ended.into_iter().collect(),
        Err(error) => {
            return tracing::warn!(%error, "left-overs in the spool could not be looked at; trying again in ten minutes");
        }
    };
    let folders = left.into_iter().filter(|(run, _)| ended.contains(run)).map(|(_, folder)| folder).collect();
    // They may hold gigabytes.
    if let Err(error) = aside(move |over| remove(folders, over)).await {
        tracing::error!(%error, "clearing the spool panicked");
    }
}

fn remove(folders: Vec<PathBuf>, over: &CancellationToken) {
    for folder in folders.into_iter().take_while(|_| !over.is_cancelled()) {
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => tracing::info!(folder = %folder.display(), "removed what a run that has ended left in the spool"),
            Err(error) => tracing::warn!(%error, folder = %folder.display(), "could not be removed from the spool"),
        }
    }
}

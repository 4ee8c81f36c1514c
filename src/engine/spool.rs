//! What attempts keep on this machine for the next one goes when their run ends, whoever ends it.
//!
//! A daemon that ends a run clears its own spool before. What lies on other machines, because an attempt failed or died
//! there, is found by housekeeping of the daemons there.

use std::collections::BTreeSet;

use super::shared::Shared;
use crate::domain::ids::RunId;
use crate::domain::job::Job;
use crate::domain::state::RunState;
use crate::steps;

/// Clears what a run's attempts have kept here, right before its end in that state. An attempt that succeeded has taken it.
pub(super) fn clear(shared: &Shared, job: &Job, run: RunId, state: RunState) {
    if state == RunState::Succeeded || !job.steps.iter().any(|step| step.kind.keeps_for_next_attempt()) {
        return;
    }
    if let Err(error) = steps::clear_spool(&shared.environment, run) {
        tracing::warn!(%error, "what the run has left in the spool could not be removed; housekeeping will");
    }
}

/// Removes what lies here of runs that have ended. Listed first: what a run that is begun again puts there stays.
pub(super) async fn sweep(shared: &Shared) {
    let left = match steps::spooled(&shared.environment) {
        Ok(left) if left.is_empty() => return,
        Ok(left) => left,
        Err(error) => return tracing::warn!(%error, "the spool can't be read"),
    };
    let runs: Vec<RunId> = left.iter().map(|(run, _)| *run).collect();
    let ended: BTreeSet<RunId> = match shared.store.ended_among(&runs).await {
        Ok(ended) => ended.into_iter().collect(),
        Err(error) => {
            return tracing::warn!(%error, "left-overs in the spool could not be looked at; trying again in ten minutes");
        }
    };
    for (_, folder) in left.iter().filter(|(run, _)| ended.contains(run)) {
        match std::fs::remove_dir_all(folder) {
            Ok(()) => tracing::info!(folder = %folder.display(), "removed what a run that has ended left in the spool"),
            Err(error) => tracing::warn!(%error, folder = %folder.display(), "could not be removed from the spool"),
        }
    }
}

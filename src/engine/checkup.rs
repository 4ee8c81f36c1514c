//! What `doctor` looks at, looked at by the daemon itself at its start and every hour, and kept for the pages.

use std::sync::Arc;

use super::clock::local;
use super::shared::Shared;
use crate::domain::finding::{Finding, Verdict};
use crate::steps::doctor::{Patient, PatientJobs, examine};
use crate::store::StoreError;

/// At minute 23 of every hour: away from housekeeping, and from the full hour.
pub(super) const EVERY: &str = "0 23 * * * *";

/// Looks at everything, and notes what was found.
pub(super) async fn look(shared: &Arc<Shared>) {
    let Some(patient) = shared.settings.patient.clone() else { return };
    if let Err(error) = look_at(shared, &patient).await {
        tracing::debug!(error = %error, "what was found could not be noted; the next look is in an hour");
    }
}

async fn look_at(shared: &Shared, patient: &Patient) -> Result<(), StoreError> {
    let mut jobs = PatientJobs::default();
    for (job, problem) in shared.store.all_jobs().await? {
        let job = job.definition;
        jobs.broken.extend(problem.map(|problem| (job.job.name.clone(), problem)));
        jobs.jobs.push((job.job, job.base));
    }
    let found = examine(patient, &jobs, local).await;
    let masked = |text: &String| shared.masker.text(text).into_owned();
    let found: Vec<Finding> = found
        .into_iter()
        .map(|one| Finding { seen: masked(&one.seen), hint: one.hint.as_ref().map(masked), ..one })
        .collect();
    for one in found.iter().filter(|one| one.verdict > Verdict::Warning) {
        tracing::warn!(subject = %one.subject, what = %one.what, seen = %one.seen, "doctor: {}", one.verdict.label());
    }
    shared.store.save_findings(shared.me.id, &found).await
}

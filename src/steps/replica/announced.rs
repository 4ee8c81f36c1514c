//! Which replicas a job publishes, as far as that is known without a run of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;

use crate::domain::job::Job;
use crate::domain::step::StepKind;
use crate::domain::template::{RunScope, Scope, Text};

/// A replica that a job publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The step.
    pub step: String,
    /// Where it stands, as the job says: a path, or the address of an object store.
    pub to: String,
    /// Its path, if it stands on a disk of this machine.
    pub path: Option<PathBuf>,
    /// The age at which it counts as stale.
    pub max_age: Option<Duration>,
}

/// The replicas of a job. One whose place depends on the run, or on an earlier step, can't be known before and is left
/// out. `base` is the job file's folder.
pub fn announced(
    job: &Job,
    base: &Path,
    params: &BTreeMap<String, String>,
    env: &BTreeMap<String, String>,
) -> Vec<Announced> {
    let render = |to: &Text| {
        let one = scope(job, params, env, 0).text(to).ok()?;
        let other = scope(job, params, env, 1).text(to).ok()?;
        (one == other).then_some(one)
    };
    let steps = job.steps.iter().filter_map(|step| match &step.kind {
        StepKind::PublishReplica(publish) => Some((&step.id, publish)),
        _ => None,
    });
    steps
        .flat_map(|(id, publish)| publish.to.iter().map(move |to| (id, to, publish.max_age)))
        .filter_map(|(step, to, max_age)| {
            let to = render(to)?;
            let path = (!to.contains("://")).then(|| base.join(&to));
            Some(Announced { step: step.clone(), to, path, max_age })
        })
        .collect()
}

/// A run that never was. Two of them differ in everything that a run knows, so that what depends on it shows.
fn scope(job: &Job, params: &BTreeMap<String, String>, env: &BTreeMap<String, String>, number: u32) -> Scope {
    let scheduled_for = DateTime::from_timestamp(i64::from(number) * 400_000_000, 0).unwrap_or_default();
    let run = RunScope { id: number.to_string(), job: job.name.clone(), scheduled_for, attempt: number };
    let mut scope = Scope::of_run(run, params.clone(), job.zone());
    scope.env.clone_from(env);
    scope
}

//! How old the replicas of all jobs are, also of jobs that never ran.
//!
//! What a step says when it publishes ends with the daemon, and a job that doesn't run says nothing. So every minute
//! the manifests themselves are read. Each daemon looks at its own machine's disks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::shared::Shared;
use crate::domain::job::Job;
use crate::steps::replica::{Announced, Layout, State, age, announced};
use crate::telemetry::ReplicaSeen;

/// At the beginning of every minute.
pub(super) const EVERY: &str = "0 * * * * *";

/// Looks at replicas, and remembers what it found.
#[derive(Default)]
pub(super) struct Freshness {
    /// Whether each replica was stale at the last look.
    stale: Mutex<BTreeMap<String, bool>>,
    /// Held by a look: one that hangs on a disk must not gather others behind it.
    looking: tokio::sync::Mutex<()>,
}

impl Freshness {
    /// One look at all of them.
    pub(super) async fn look(&self, shared: &Arc<Shared>) {
        let Ok(_looking) = self.looking.try_lock() else {
            tracing::warn!("the last look at replicas is still under way; is a disk away?");
            return;
        };
        let jobs = match shared.store.publishing_jobs().await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::debug!(error = %error, "how old replicas are is looked at the next time");
                return;
            }
        };
        let (env, now) = (shared.environment.env.clone(), shared.clock.now());
        // A disk of the network that is away would block.
        let looking = tokio::task::spawn_blocking(move || {
            let definitions = jobs.iter().map(|job| &job.definition);
            definitions.flat_map(|one| seen(&one.job, &one.base, &env, now)).collect::<Vec<_>>()
        });
        match looking.await {
            Ok(seen) => {
                self.tell(&seen);
                shared.metrics.replicas_seen(&seen);
            }
            Err(error) => tracing::error!(%error, "looking at replicas panicked"),
        }
    }

    /// Logs what has become stale, and what is fresh again.
    fn tell(&self, seen: &[ReplicaSeen]) {
        let mut known = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        let now: BTreeMap<String, bool> = seen.iter().map(|one| (one.path.clone(), one.stale)).collect();
        for one in seen {
            let max_age = humantime::format_duration(one.max_age.unwrap_or_default());
            match (known.get(&one.path).copied().unwrap_or(false), one.stale) {
                (false, true) => tracing::warn!(
                    job.name = %one.job, replica = %one.path, %max_age,
                    published_at = one.published_at.map(|at| at.to_rfc3339()), "the replica is stale"
                ),
                (true, false) => tracing::info!(job.name = %one.job, replica = %one.path, "the replica is fresh again"),
                _ => {}
            }
        }
        *known = now;
    }
}

/// What is seen of a job's replicas.
fn seen(job: &Job, base: &Path, env: &BTreeMap<String, String>, now: DateTime<Utc>) -> Vec<ReplicaSeen> {
    // A parameter without a default is known to a run only.
    let Ok(params) = crate::domain::params::complete(job, BTreeMap::new()) else { return Vec::new() };
    announced(job, base, &params, env).into_iter().filter_map(|one| look_at(job, one, now)).collect()
}

fn look_at(job: &Job, one: Announced, now: DateTime<Utc>) -> Option<ReplicaSeen> {
    let path = one.path?;
    // Without its folder there is no replica, and its path is as the job says it.
    let layout = Layout::of(&path).ok();
    let manifest = layout.as_ref().and_then(|layout| State::read(layout).ok()).and_then(|state| state.manifest);
    let path = layout.map_or(path, |layout| layout.replica());
    let stale = one.max_age.is_some_and(|limit| manifest.as_ref().is_none_or(|manifest| age(manifest, now) > limit));
    Some(ReplicaSeen {
        job: job.name.clone(),
        path: path.display().to_string(),
        published_at: manifest.as_ref().map(|manifest| manifest.published_at),
        bytes: manifest.as_ref().map(|manifest| manifest.bytes),
        rows: manifest.as_ref().map(|manifest| manifest.rows),
        generation: manifest.as_ref().map(|manifest| manifest.generation),
        max_age: one.max_age,
        stale,
    })
}

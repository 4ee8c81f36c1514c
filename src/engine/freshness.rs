//! How old the replicas of all jobs are, also of jobs that never ran.
//!
//! What a step says when it publishes ends with the daemon, and a job that doesn't run says nothing. So every minute
//! the manifests themselves are read. Each daemon looks at its own machine's disks, and at object stores.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::shared::Shared;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::job::Job;
use crate::domain::object::ObjectAddress;
use crate::domain::replica::Manifest;
use crate::steps::replica::remote::RemoteReplica;
use crate::steps::replica::{Announced, Layout, State, age, announced};
use crate::telemetry::ReplicaSeen;

/// At the beginning of every minute.
pub(super) const EVERY: &str = "0 * * * * *";

/// How long an object store may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks at replicas, and remembers what it found.
#[derive(Default)]
pub(super) struct Freshness {
    /// Whether each replica was stale at the last look.
    stale: Mutex<BTreeMap<String, bool>>,
    /// What was seen last in object stores, by address.
    stores: Mutex<BTreeMap<String, Option<Manifest>>>,
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
        let all = match looking.await {
            Ok(all) => all,
            Err(error) => {
                tracing::error!(%error, "looking at replicas panicked");
                return;
            }
        };
        let looks = all.into_iter().map(async |replica| match replica {
            Looked::AtDisk(seen) => Some(seen),
            Looked::NotYet(job, one) => self.look_at_store(&job, one, shared, now).await,
        });
        let seen: Vec<ReplicaSeen> = join_all(looks).await.into_iter().flatten().collect();
        self.tell(&seen);
        note_old(shared, &seen).await;
        shared.metrics.replicas_seen(&seen);
    }

    /// What is seen of a replica in an object store. Of one that can't be asked, what was seen there last.
    async fn look_at_store(
        &self,
        job: &str,
        one: Announced,
        shared: &Shared,
        now: DateTime<Utc>,
    ) -> Option<ReplicaSeen> {
        let address = ObjectAddress::parse(&one.to)?.ok()?;
        let asking = async { RemoteReplica::open(&shared.environment.objects, &address)?.published().await };
        let answer = timeout(PATIENCE, asking).await.unwrap_or_else(|_| {
            let message = format!("reading the manifest of {address}: no answer in time");
            Err(Failure::transient(Code::StoreUnreachable, Side::Target, message))
        });
        let mut known = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let manifest = match answer {
            Ok(manifest) => {
                known.insert(one.to.clone(), manifest.clone());
                manifest
            }
            Err(error) => {
                tracing::warn!(job.name = %job, %error, "how old the replica is can't be seen");
                known.get(&one.to)?.clone()
            }
        };
        drop(known);
        Some(as_seen(job, one.to, one.max_age, manifest.as_ref(), now))
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

/// Records those that are too old, to be told. One that was never published isn't old: its runs say what is wrong.
async fn note_old(shared: &Shared, seen: &[ReplicaSeen]) {
    for one in seen.iter().filter(|one| one.stale) {
        let (Some(published_at), Some(max_age)) = (one.published_at, one.max_age) else { continue };
        match shared.store.note_old_replica(&one.job, &one.path, published_at, max_age).await {
            Ok(true) => shared.alerts.notify_one(),
            Ok(false) => {}
            Err(error) => tracing::debug!(error = %error, "an old replica is noted at the next look"),
        }
    }
}

/// What is seen of a job's replicas.
fn seen(job: &Job, base: &Path, env: &BTreeMap<String, String>, now: DateTime<Utc>) -> Vec<Looked> {
    // A parameter without a default is known to a run only.
    let Ok(params) = crate::domain::params::complete(job, BTreeMap::new()) else { return Vec::new() };
    announced(job, base, &params, env).into_iter().map(|one| look_at(job, one, now)).collect()
}

/// A replica that was looked at, or has to be asked for.
enum Looked {
    AtDisk(ReplicaSeen),
    /// In an object store; with the job's name.
    NotYet(String, Announced),
}

fn look_at(job: &Job, mut one: Announced, now: DateTime<Utc>) -> Looked {
    let Some(path) = one.path.take() else { return Looked::NotYet(job.name.clone(), one) };
    // Without its folder there is no replica, and its path is as the job says it.
    let layout = Layout::of(&path).ok();
    let manifest = layout.as_ref().and_then(|layout| State::read(layout).ok()).and_then(|state| state.manifest);
    let path = layout.map_or(path, |layout| layout.replica());
    Looked::AtDisk(as_seen(&job.name, path.display().to_string(), one.max_age, manifest.as_ref(), now))
}

fn as_seen(
    job: &str,
    path: String,
    max_age: Option<Duration>,
    manifest: Option<&Manifest>,
    now: DateTime<Utc>,
) -> ReplicaSeen {
    ReplicaSeen {
        job: job.to_owned(),
        path,
        published_at: manifest.map(|manifest| manifest.published_at),
        bytes: manifest.map(|manifest| manifest.bytes),
        rows: manifest.map(|manifest| manifest.rows),
        generation: manifest.map(|manifest| manifest.generation),
        max_age,
        stale: max_age.is_some_and(|limit| manifest.is_none_or(|manifest| age(manifest, now) > limit)),
    }
}

//! The replicas that jobs publish, for whoever wants to see them all, and the way back to an earlier generation.
//!
//! What is seen are this machine's disks, and object stores. A replica whose place is known to its runs only isn't seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::object::ObjectAddress;
use crate::domain::replica::Manifest;
use crate::steps::Environment;
use crate::steps::replica::remote::RemoteReplica;
use crate::steps::replica::{Announced, Layout, State, age, announced, problems, refused, roll_back, unfinished_files};
use crate::store::{Store, StoreError, StoredJob};

/// How long a disk or an object store may take to answer somebody who waits for a page.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a look is good enough for a list of what needs attention, and how long such a list waits for a new one.
const LATELY: Duration = Duration::from_secs(30);
const HASTE: Duration = Duration::from_millis(300);

/// Looks at replicas.
#[derive(Clone)]
pub struct Replicas {
    environment: Arc<Environment>,
    seen: Arc<Mutex<Seen>>,
}

/// The last look, and when it was.
#[derive(Default)]
struct Seen {
    at: Option<Instant>,
    stale: Vec<ReplicaLook>,
}

/// A replica, as it was seen.
#[derive(Clone, Debug)]
pub struct ReplicaLook {
    /// The job that publishes it, and the step.
    pub job: String,
    /// The step.
    pub step: String,
    /// Its path or address.
    pub place: String,
    /// The age at which it counts as stale.
    pub max_age: Option<Duration>,
    /// What it holds; `None`: nothing was published yet.
    pub manifest: Option<Manifest>,
    /// The age of what it holds.
    pub age: Option<Duration>,
    /// Generations that are kept, oldest first.
    pub kept: Vec<Manifest>,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// What a publish that is under way has there, or one left that died.
    pub unfinished: Vec<String>,
}

impl ReplicaLook {
    /// Whether it is older than its job allows, or isn't there.
    pub fn is_stale(&self) -> bool {
        self.max_age.is_some_and(|limit| self.age.is_none_or(|age| age > limit))
    }
}

impl Replicas {
    /// With these object stores and variables.
    pub fn new(environment: Arc<Environment>) -> Self {
        Self { environment, seen: Arc::default() }
    }

    /// Replicas that are older than their jobs allow, as seen within the last half minute. Whoever asks must not wait
    /// for a disk or a store that is slow: then it is what was seen before.
    pub async fn stale_lately(&self, store: &Store, now: DateTime<Utc>) -> Result<Vec<ReplicaLook>, StoreError> {
        let mut seen = self.seen.lock().await;
        if seen.at.is_none_or(|at| at.elapsed() > LATELY) {
            let jobs = store.publishing_jobs().await?;
            seen.at = Some(Instant::now());
            if let Ok(looked) = timeout(HASTE, self.look(&jobs, now)).await {
                seen.stale = looked.into_iter().filter(ReplicaLook::is_stale).collect();
            }
        }
        Ok(seen.stale.clone())
    }

    /// All replicas of these jobs, by place.
    pub async fn look(&self, jobs: &[StoredJob], now: DateTime<Utc>) -> Vec<ReplicaLook> {
        let known = jobs.iter().flat_map(|job| {
            let of = &job.definition;
            // A parameter without a default is known to a run only.
            let params = crate::domain::params::complete(&of.job, BTreeMap::new()).ok();
            let announced = params.map(|params| announced(&of.job, &of.base, &params, &self.environment.env));
            announced.unwrap_or_default().into_iter().map(|one| (of.job.name.clone(), one))
        });
        let looks = known.map(async |(job, one)| {
            let answer = timeout(PATIENCE, self.state_of(&one)).await.unwrap_or_else(|_| Err(late(&one.to)));
            as_seen(job, one, answer, now)
        });
        let mut seen: Vec<ReplicaLook> = join_all(looks).await;
        seen.sort_by(|one, other| one.place.cmp(&other.place));
        seen
    }

    /// Makes an earlier generation the replica again: the one before, or `to`.
    pub async fn roll_back(
        &self,
        place: &ReplicaLook,
        to: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Manifest, Failure> {
        let stop = CancellationToken::new();
        let Some(address) = ObjectAddress::parse(&place.place) else {
            let layout =
                Layout::of(place.place.as_ref()).map_err(|error| refused("looking for the replica", &error))?;
            return Box::pin(roll_back(&layout, to, now, &stop, |_: &str| ())).await;
        };
        let address = address.map_err(|error| Failure::permanent(Code::NotFound, Side::Target, error.to_string()))?;
        let replica = RemoteReplica::open(&self.environment.objects, &address)?;
        Box::pin(replica.roll_back(to, now, &self.environment.spool, &stop, |_: &str| ())).await
    }

    async fn state_of(&self, one: &Announced) -> Result<(String, State, Vec<String>, Vec<String>), Failure> {
        let Some(path) = one.path.clone() else {
            let address = ObjectAddress::parse(&one.to).and_then(Result::ok).ok_or_else(|| late(&one.to))?;
            let replica = RemoteReplica::open(&self.environment.objects, &address)?;
            let (state, bytes) = (replica.state().await?, replica.bytes().await?);
            let unfinished = state.halves.iter().map(|number| replica.generation_address(*number)).collect();
            return Ok((one.to.clone(), state.clone(), replica.problems(&state, bytes), unfinished));
        };
        // A disk of the network that is away would block.
        let looking = tokio::task::spawn_blocking(move || {
            let reading = |error: std::io::Error| refused(&format!("reading {}", path.display()), &error);
            let layout = Layout::of(&path).map_err(reading)?;
            let state = State::read(&layout).map_err(reading)?;
            let (problems, unfinished) = (problems(&layout, &state), unfinished_files(&layout, &state));
            Ok((layout.replica().display().to_string(), state, problems, unfinished))
        });
        looking.await.map_err(|error| Failure::bug(error.to_string()))?
    }
}

fn as_seen(
    job: String,
    one: Announced,
    answer: Result<(String, State, Vec<String>, Vec<String>), Failure>,
    now: DateTime<Utc>,
) -> ReplicaLook {
    let (step, max_age) = (one.step, one.max_age);
    match answer {
        Ok((place, state, problems, unfinished)) => {
            let age = state.manifest.as_ref().map(|manifest| age(manifest, now));
            let kept = state.kept.into_values().collect();
            ReplicaLook { job, step, place, max_age, manifest: state.manifest, age, kept, problems, unfinished }
        }
        Err(failure) => ReplicaLook {
            job,
            step,
            place: one.to,
            max_age,
            manifest: None,
            age: None,
            kept: vec![],
            problems: vec![failure.message],
            unfinished: vec![],
        },
    }
}

fn late(place: &str) -> Failure {
    Failure::transient(
        Code::StoreUnreachable,
        Side::Target,
        format!("reading the manifest of {place}: no answer in time"),
    )
}

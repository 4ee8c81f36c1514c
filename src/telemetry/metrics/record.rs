//! The words by which the crate counts: one method for each thing that happens, so that no label is spelled twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use prometheus::core::{Atomic, GenericGaugeVec, MetricVec, MetricVecBuilder};
use prometheus::{Registry, TextEncoder};

use crate::domain::observation::Observation;
use crate::domain::run::lock_class;
use crate::domain::state::{AttemptState, FiringState, RunState};

use super::families::Families;

/// The daemon's metrics. A clone counts into the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    families: Families,
    /// The path that each step published last, so that a path of yesterday doesn't stay for ever.
    replicas: Mutex<HashMap<(String, String), String>>,
    /// The paths that were seen at the last look at all replicas.
    seen: Mutex<BTreeSet<String>>,
}

/// What a look at a replica's manifest found.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaSeen {
    /// The job that publishes it.
    pub job: String,
    /// Its path.
    pub path: String,
    /// When it became visible; absent if it never did. So are the next three.
    pub published_at: Option<DateTime<Utc>>,
    /// Its size.
    pub bytes: Option<u64>,
    /// Rows of its tables.
    pub rows: Option<u64>,
    /// Its generation.
    pub generation: Option<u64>,
    /// The age at which it counts as stale.
    pub max_age: Option<Duration>,
    /// Whether it does.
    pub stale: bool,
}

impl Metrics {
    /// Metrics that start at zero. `version` becomes the label of `windlass_build_info`.
    #[expect(clippy::missing_panics_doc, reason = "names and labels are constants, and a test renders every family")]
    pub fn new(version: &str) -> Self {
        let registry = Registry::new();
        let families = Families::register(&registry).expect("metric names and labels are constants");
        families.build_info.with_label_values(&[version]).set(1.0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        families.started.set(now.as_secs_f64());
        Self(Arc::new(Inner { registry, families, replicas: Mutex::default(), seen: Mutex::default() }))
    }

    /// The page at `/metrics`, in Prometheus' text format 0.0.4.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.0.registry.gather())
    }

    /// A run ended in a final state, `took` after its first start.
    pub fn run_ended(&self, job: &str, state: RunState, took: Duration) {
        self.0.families.runs.with_label_values(&[job, state.label()]).inc();
        self.0.families.run_duration.with_label_values(&[job]).observe(took.as_secs_f64());
    }

    /// A job's last success, now or as found in the state database at start.
    pub fn last_success(&self, job: &str, ended: DateTime<Utc>) {
        self.0.families.last_success.with_label_values(&[job]).set(seconds_of(ended));
    }

    /// A job's last failure, now or as found in the state database.
    pub fn last_failure(&self, job: &str, ended: DateTime<Utc>) {
        self.0.families.last_failure.with_label_values(&[job]).set(seconds_of(ended));
    }

    /// A job's next due time; `None` while it is paused or has no schedule.
    pub fn next_run(&self, job: &str, due: Option<DateTime<Utc>>) {
        match due {
            Some(due) => self.0.families.next_run.with_label_values(&[job]).set(seconds_of(due)),
            None => forget(&self.0.families.next_run, &[job]),
        }
    }

    /// An attempt of a step ended.
    pub fn attempt_ended(&self, job: &str, step: &str, kind: &str, state: AttemptState, took: Duration) {
        let labels = [job, step, kind, state.label()];
        self.0.families.attempts.with_label_values(&labels).inc();
        self.0.families.attempt_duration.with_label_values(&labels).observe(took.as_secs_f64());
    }

    /// Attempts were found whose daemon died.
    pub fn attempts_lost(&self, count: u64) {
        self.0.families.attempts_lost.inc_by(count);
    }

    /// A step saw something worth a metric.
    pub fn observe(&self, job: &str, step: &str, observation: &Observation) {
        let families = &self.0.families;
        match observation {
            Observation::CtasAttempt { planned, achieved, target, minimum, outcome } => {
                for (which, workers) in
                    [("planned", planned), ("achieved", achieved), ("target", target), ("minimum", minimum)]
                {
                    families.ctas_workers.with_label_values(&[job, step, which]).set(i64::from(*workers));
                }
                families.ctas_attempts.with_label_values(&[job, step, outcome.label()]).inc();
            }
            Observation::CtasSlotWait(waited) => {
                families.ctas_slot_wait.with_label_values(&[job, step]).observe(waited.as_secs_f64());
            }
            Observation::Copied { rows, bytes } => {
                families.copy_rows.with_label_values(&[job, step]).inc_by(*rows);
                families.copy_bytes.with_label_values(&[job, step]).inc_by(*bytes);
            }
            Observation::ReplicaPhase { phase, took } => {
                families.replica_phase.with_label_values(&[job, step, phase]).observe(took.as_secs_f64());
            }
            Observation::ReplicaPublished { path, bytes, generation, rows, compaction } => {
                self.replica_published(job, step, path);
                families.replica_bytes.with_label_values(&[path]).set(whole(*bytes));
                families.replica_rows.with_label_values(&[path]).set(whole(*rows));
                show(&families.replica_generation, path, generation.map(whole));
                show(&families.replica_compaction, path, *compaction);
            }
        }
    }

    /// A due time was entered into the ledger, or what became of it was decided.
    pub fn firing(&self, job: &str, state: FiringState) {
        self.0.families.firings.with_label_values(&[job, state.label()]).inc();
    }

    /// A due time was entered into the ledger so long after it.
    pub fn fire_lag(&self, lag: Duration) {
        self.0.families.fire_lag.observe(lag.as_secs_f64());
    }

    /// A run got a lock after so long. `lock` is the lock's name.
    pub fn lock_waited(&self, lock: &str, waited: Duration) {
        self.0.families.lock_wait.with_label_values(&[lock_class(lock)]).observe(waited.as_secs_f64());
    }

    /// So many locks of a class are held now, and so many places taken in queues for them.
    pub fn locks(&self, class: &str, held: i64, waiting: i64) {
        self.0.families.lock_held.with_label_values(&[class]).set(held);
        self.0.families.lock_waiting.with_label_values(&[class]).set(waiting);
    }

    /// Something became of an alert: `delivered`, `folded`, `failed`, `given_up`, `unheard`.
    pub fn alert(&self, kind: &str, outcome: &str) {
        self.0.families.alerts.with_label_values(&[kind, outcome]).inc();
    }

    /// So many alerts are still to be told.
    pub fn alerts_pending(&self, pending: i64) {
        self.0.families.alerts_pending.set(pending);
    }

    /// A call to the state database took so long, whatever came of it.
    pub fn state_call(&self, op: &'static str, took: Duration) {
        self.0.families.state_call.with_label_values(&[op]).observe(took.as_secs_f64());
    }

    /// Whether the state database answers.
    pub fn state_up(&self, up: bool) {
        self.0.families.state_up.set(i64::from(up));
    }

    /// So many daemons hold a lease.
    pub fn leases(&self, leases: i64) {
        self.0.families.leases.set(leases);
    }

    /// A job's file is gone: what was true of it only "now" goes too. Counters stay, as counters must.
    pub fn job_retired(&self, job: &str) {
        forget(&self.0.families.next_run, &[job]);
        forget(&self.0.families.last_success, &[job]);
        forget(&self.0.families.last_failure, &[job]);
        let published: Vec<String> =
            lock(&self.0.replicas).extract_if(|(of, _), _| of == job).map(|(_, path)| path).collect();
        for path in published {
            self.forget_replica(&path);
        }
    }

    /// All replicas that jobs publish were looked at: these are what was found.
    pub fn replicas_seen(&self, found: &[ReplicaSeen]) {
        let families = &self.0.families;
        for one in found {
            let path = one.path.as_str();
            let published = one.published_at.map_or(0.0, seconds_of);
            families.replica_published.with_label_values(&[path]).set(published);
            show(&families.replica_bytes, path, one.bytes.map(whole));
            show(&families.replica_rows, path, one.rows.map(whole));
            show(&families.replica_generation, path, one.generation.map(whole));
            show(&families.replica_max_age, path, one.max_age.map(|age| age.as_secs_f64()));
            show(&families.replica_stale, path, one.max_age.map(|_| i64::from(one.stale)));
        }
        let now = found.iter().map(|one| one.path.clone()).collect::<BTreeSet<_>>();
        let before = std::mem::replace(&mut *lock(&self.0.seen), now);
        for path in &before {
            self.forget_replica(path);
        }
    }

    fn replica_published(&self, job: &str, step: &str, path: &str) {
        let before = lock(&self.0.replicas).insert((job.to_owned(), step.to_owned()), path.to_owned());
        if let Some(before) = before {
            self.forget_replica(&before);
        }
        #[expect(clippy::disallowed_methods, reason = "the metric is this machine's time, as a scrape's is")]
        self.0.families.replica_published.with_label_values(&[path]).set(seconds_of(Utc::now()));
    }

    /// Takes a replica's series away, unless some step publishes it.
    fn forget_replica(&self, path: &str) {
        if lock(&self.0.seen).contains(path) || lock(&self.0.replicas).values().any(|one| one == path) {
            return;
        }
        let families = &self.0.families;
        forget(&families.replica_published, &[path]);
        forget(&families.replica_bytes, &[path]);
        forget(&families.replica_rows, &[path]);
        forget(&families.replica_generation, &[path]);
        forget(&families.replica_compaction, &[path]);
        forget(&families.replica_max_age, &[path]);
        forget(&families.replica_stale, &[path]);
    }
}

/// Sets a replica's series, or takes it away.
fn show<A: Atomic + 'static>(family: &GenericGaugeVec<A>, path: &str, value: Option<A::T>) {
    match value {
        Some(value) => family.with_label_values(&[path]).set(value),
        None => forget(family, &[path]),
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A panic elsewhere leaves nothing half done in these, so its mark is of no use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a series away. One that isn't there is no error.
fn forget<B: MetricVecBuilder>(family: &MetricVec<B>, labels: &[&str]) {
    drop(family.remove_label_values(labels));
}

/// Seconds since the epoch, with milliseconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch are exact in an f64 for 280,000 years")]
fn seconds_of(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

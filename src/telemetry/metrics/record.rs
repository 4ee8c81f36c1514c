//! The words by which the crate counts: one method for each thing that happens, so that no label is spelled twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus::core::{MetricVec, MetricVecBuilder};
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
}

impl Metrics {
    /// Metrics that start at zero. `version` becomes the label of `windlass_build_info`.
    #[expect(clippy::missing_panics_doc, reason = "names and labels are constants, and a test renders every family")]
    pub fn new(version: &str) -> Self {
        let registry = Registry::new();
        let families = Families::register(&registry).expect("metric names and labels are constants");
        families.build_info.with_label_values(&[version]).set(1.0);
        Self(Arc::new(Inner { registry, families, replicas: Mutex::default() }))
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
            Observation::ReplicaPublished { path, bytes, generation } => {
                self.replica_published(job, step, path, *bytes, *generation);
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

    /// So many locks of a class are held now.
    pub fn locks_held(&self, class: &str, held: i64) {
        self.0.families.lock_held.with_label_values(&[class]).set(held);
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
    }

    fn replica_published(&self, job: &str, step: &str, path: &str, bytes: u64, generation: Option<u64>) {
        let families = &self.0.families;
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut replicas = self.0.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        let before = replicas.insert((job.to_owned(), step.to_owned()), path.to_owned());
        if let Some(before) = before.filter(|before| !replicas.values().any(|path| path == before)) {
            forget(&families.replica_published, &[&before]);
            forget(&families.replica_bytes, &[&before]);
            forget(&families.replica_generation, &[&before]);
        }
        #[expect(clippy::disallowed_methods, reason = "the metric is this machine's time, as a scrape's is")]
        families.replica_published.with_label_values(&[path]).set(seconds_of(Utc::now()));
        families.replica_bytes.with_label_values(&[path]).set(whole(bytes));
        match generation {
            Some(generation) => families.replica_generation.with_label_values(&[path]).set(whole(generation)),
            None => forget(&families.replica_generation, &[path]),
        }
    }
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

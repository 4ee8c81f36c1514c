//! Every metric family by name: type, labels, help. The table of the documentation, as code.

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

/// Buckets of every duration, in seconds: from a quick statement (5 ms) to a nightly batch (6 h).
const SECONDS: [f64; 21] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    7200.0, 14_400.0, 21_600.0,
];

/// Declares the families once: a field, its name, labels and help, and its registration.
macro_rules! families {
    ($($field:ident: $kind:ident = $name:literal [$($label:literal),*] $help:literal;)+) => {
        /// The metric families, registered.
        #[derive(Debug)]
        pub(super) struct Families {
            $(pub(super) $field: $kind,)+
        }

        impl Families {
            /// Makes and registers every family.
            pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
                $(
                    let $field = $kind::make($name, $help, &[$($label),*])?;
                    registry.register(Box::new($field.clone()))?;
                )+
                Ok(Self { $($field),+ })
            }

            /// Every name.
            #[cfg(test)]
            pub(super) const NAMES: &'static [&'static str] = &[$($name),+];
        }
    };
}

families! {
    runs: IntCounterVec = "windlass_runs_total" ["job", "outcome"] "Runs that ended.";
    run_duration: HistogramVec = "windlass_run_duration_seconds" ["job"] "Time from a run's first start to its end.";
    attempts: IntCounterVec = "windlass_step_attempts_total" ["job", "step", "kind", "outcome"]
        "Attempts of steps that ended.";
    attempt_duration: HistogramVec = "windlass_step_duration_seconds" ["job", "step", "kind", "outcome"]
        "Time an attempt of a step took.";
    ctas_workers: IntGaugeVec = "windlass_ctas_workers" ["job", "step", "which"]
        "Parallel workers of the last CREATE TABLE AS: wanted, enough, planned, launched.";
    ctas_attempts: IntCounterVec = "windlass_ctas_attempts_total" ["job", "step", "outcome"]
        "Attempts of a CREATE TABLE AS to get its parallel workers.";
    ctas_slot_wait: HistogramVec = "windlass_ctas_slot_wait_seconds" ["job", "step"]
        "Time waited for free parallel worker slots.";
    copy_rows: IntCounterVec = "windlass_copy_rows_total" ["job", "step"] "Rows copied.";
    copy_bytes: IntCounterVec = "windlass_copy_bytes_total" ["job", "step"] "Bytes copied.";
    firings: IntCounterVec = "windlass_firings_total" ["job", "outcome"] "Due times by what became of them.";
    fire_lag: Histogram = "windlass_fire_lag_seconds" [] "Time from a due time to its entry in the ledger.";
    lock_wait: HistogramVec = "windlass_lock_wait_seconds" ["lock_class"] "Time a run waited for a lock.";
    lock_held: IntGaugeVec = "windlass_lock_held" ["lock_class"] "Locks held now.";
    lock_waiting: IntGaugeVec = "windlass_lock_waiting" ["lock_class"] "Places taken in queues for locks now.";
    last_success: GaugeVec = "windlass_job_last_success_timestamp_seconds" ["job"] "End of the last successful run.";
    last_failure: GaugeVec = "windlass_job_last_failure_timestamp_seconds" ["job"] "End of the last failed run.";
    next_run: GaugeVec = "windlass_job_next_run_timestamp_seconds" ["job"] "The job's next due time.";
    replica_published: GaugeVec = "windlass_replica_published_timestamp_seconds" ["replica"]
        "When the replica became visible.";
    replica_bytes: IntGaugeVec = "windlass_replica_bytes" ["replica"] "Size of the replica.";
    replica_generation: IntGaugeVec = "windlass_replica_generation" ["replica"] "Generation of the replica.";
    replica_rows: IntGaugeVec = "windlass_replica_rows" ["replica"] "Rows of the replica's tables.";
    replica_max_age: GaugeVec = "windlass_replica_max_age_seconds" ["replica"]
        "The age at which the replica counts as stale.";
    replica_stale: IntGaugeVec = "windlass_replica_stale" ["replica"]
        "Whether the replica is older than its job allows, or was never published (1), or not (0).";
    replica_phase: HistogramVec = "windlass_replica_phase_seconds" ["job", "step", "phase"]
        "Time that a phase of publishing a replica took.";
    replica_compaction: GaugeVec = "windlass_replica_compaction_ratio" ["replica"]
        "Size of the replica as a share of its master's.";
    alerts: IntCounterVec = "windlass_alerts_total" ["kind", "outcome"] "Alerts by what became of them.";
    alerts_pending: IntGauge = "windlass_alerts_pending" [] "Alerts that are still to be told.";
    state_call: HistogramVec = "windlass_state_call_seconds" ["op"] "Time a call to the state database took.";
    state_up: IntGauge = "windlass_state_up" [] "Whether the state database answers (1) or not (0).";
    leases: IntGauge = "windlass_leases" [] "Daemons with a lease that has not lapsed.";
    attempts_lost: IntCounter = "windlass_attempts_lost_total" [] "Attempts whose daemon died.";
    started: Gauge = "windlass_start_timestamp_seconds" [] "When this daemon's process started.";
    build_info: GaugeVec = "windlass_build_info" ["version"] "Always 1; the version is in the label.";
}

/// A kind of metric that can be made from a name, a help text and labels.
trait Make: Sized {
    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error>;
}

macro_rules! make {
    ($($kind:ident => |$name:ident, $help:ident, $labels:ident| $value:expr;)+) => {$(
        impl Make for $kind {
            fn make($name: &str, $help: &str, $labels: &[&str]) -> Result<Self, prometheus::Error> {
                $value
            }
        }
    )+};
}

make! {
    Histogram => |name, help, _labels| Self::with_opts(seconds(name, help));
    HistogramVec => |name, help, labels| Self::new(seconds(name, help), labels);
    IntCounter => |name, help, _labels| Self::new(name, help);
    Gauge => |name, help, _labels| Self::new(name, help);
    IntGauge => |name, help, _labels| Self::new(name, help);
    IntCounterVec => |name, help, labels| Self::new(Opts::new(name, help), labels);
    IntGaugeVec => |name, help, labels| Self::new(Opts::new(name, help), labels);
    GaugeVec => |name, help, labels| Self::new(Opts::new(name, help), labels);
}

fn seconds(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(SECONDS.to_vec())
}

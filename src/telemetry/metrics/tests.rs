//! What `/metrics` says after one of everything happened.

use std::time::Duration;

use chrono::DateTime;

use super::families::Families;
use super::*;
use crate::domain::observation::{CtasAttemptOutcome, Observation};
use crate::domain::state::{AttemptState, FiringState, RunState};

/// Metrics in which every family has a series.
fn one_of_everything() -> Metrics {
    let metrics = Metrics::new("1.2.3");
    let second = Duration::from_secs(1);
    let time = DateTime::from_timestamp_millis(1_795_000_000_250);
    metrics.run_ended("j", RunState::Succeeded, second);
    metrics.last_success("j", time.unwrap());
    metrics.last_failure("j", time.unwrap());
    metrics.next_run("j", time);
    metrics.attempt_ended("j", "s", "sql", AttemptState::TimedOut, second);
    metrics.attempts_lost(2);
    metrics.alert("failed", "delivered");
    metrics.alerts_pending(1);
    let outcome = CtasAttemptOutcome::MinimumMet;
    metrics.observe("j", "s", &Observation::CtasAttempt { planned: 4, achieved: 3, target: 4, minimum: 2, outcome });
    metrics.observe("j", "s", &Observation::CtasSlotWait(second));
    metrics.observe("j", "s", &Observation::Copied { rows: 993_305, bytes: 1 << 40 });
    metrics.observe("j", "s", &published("/r.db", 3));
    metrics.observe("j", "s", &Observation::ReplicaPhase { phase: "verify", took: second });
    metrics.replicas_seen(&[seen("/never.db")]);
    metrics.firing("j", FiringState::Missed);
    metrics.fire_lag(Duration::from_millis(3));
    metrics.lock_waited("naver-api/a", second);
    metrics.locks("naver-api", 1, 4);
    metrics.alert("failed", "delivered");
    metrics.alerts_pending(1);
    metrics.state_call("claim", second);
    metrics.state_up(true);
    metrics.leases(2);
    metrics
}

fn published(path: &str, generation: u64) -> Observation {
    let generation = Some(generation);
    Observation::ReplicaPublished { path: path.into(), bytes: 7, generation, rows: 2, compaction: Some(0.5) }
}

/// A replica that was never published.
fn seen(path: &str) -> ReplicaSeen {
    ReplicaSeen {
        job: "j".into(),
        path: path.into(),
        published_at: None,
        bytes: None,
        rows: None,
        generation: None,
        max_age: Some(Duration::from_hours(2)),
        stale: true,
    }
}

#[test]
fn every_family_is_there_with_help_and_type() {
    let page = one_of_everything().render().unwrap();
    for name in Families::NAMES {
        assert!(page.contains(&format!("# HELP {name} ")), "{name}");
        assert!(page.contains(&format!("# TYPE {name} ")), "{name}");
    }
}

#[test]
fn labels_and_values_are_the_documented_ones() {
    let page = one_of_everything().render().unwrap();
    for line in [
        r#"windlass_runs_total{job="j",outcome="succeeded"} 1"#,
        r#"windlass_step_attempts_total{job="j",kind="sql",outcome="timed_out",step="s"} 1"#,
        r#"windlass_ctas_workers{job="j",step="s",which="achieved"} 3"#,
        r#"windlass_ctas_attempts_total{job="j",outcome="minimum_met",step="s"} 1"#,
        r#"windlass_copy_rows_total{job="j",step="s"} 993305"#,
        r#"windlass_firings_total{job="j",outcome="missed"} 1"#,
        r#"windlass_fire_lag_seconds_bucket{le="0.005"} 1"#,
        r#"windlass_run_duration_seconds_bucket{job="j",le="21600"} 1"#,
        r#"windlass_lock_wait_seconds_count{lock_class="naver-api"} 1"#,
        r#"windlass_lock_waiting{lock_class="naver-api"} 4"#,
        r#"windlass_job_last_failure_timestamp_seconds{job="j"} 1795000000.25"#,
        r#"windlass_job_next_run_timestamp_seconds{job="j"} 1795000000.25"#,
        r#"windlass_replica_generation{replica="/r.db"} 3"#,
        r#"windlass_replica_compaction_ratio{replica="/r.db"} 0.5"#,
        r#"windlass_replica_phase_seconds_count{job="j",phase="verify",step="s"} 1"#,
        r#"windlass_replica_published_timestamp_seconds{replica="/never.db"} 0"#,
        r#"windlass_replica_max_age_seconds{replica="/never.db"} 7200"#,
        r#"windlass_replica_stale{replica="/never.db"} 1"#,
        "windlass_attempts_lost_total 2",
        r#"windlass_build_info{version="1.2.3"} 1"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\nis not in\n{page}");
    }
}

#[test]
fn what_is_no_longer_so_is_no_longer_shown() {
    let metrics = one_of_everything();
    metrics.observe("j", "s", &published("/new.db", 1));
    assert!(metrics.render().unwrap().contains(r#"windlass_replica_bytes{replica="/new.db"} 7"#));
    metrics.replicas_seen(&[]);
    metrics.next_run("j", None);
    metrics.job_retired("j");
    let page = metrics.render().unwrap();
    assert!(!page.contains("/r.db") && !page.contains("/new.db") && !page.contains("/never.db"));
    assert!(!page.contains("windlass_job_"));
}

#[test]
fn every_metric_has_its_line_in_the_documentation() {
    let page = include_str!("../../../docs/METRICS.md");
    for name in Families::NAMES {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/METRICS.md");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `windlass_")).count();
    assert_eq!(rows, Families::NAMES.len(), "docs/METRICS.md has a metric that doesn't exist");
}

//! Prometheus' own checker reads the page. Runs where `promtool` is installed (`scripts/test` sees to it).

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use windlass::domain::observation::{CtasAttemptOutcome, Observation};
use windlass::domain::state::{AttemptState, FiringState, RunState};

use super::client::Api;

#[tokio::test]
async fn promtool_finds_nothing_to_complain_about() {
    if Command::new("promtool").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        crate::support::skipped("promtool (Debian package prometheus) is not on PATH");
        return;
    }
    let api = Api::start(None).await;
    let second = Duration::from_secs(1);
    let metrics = &api.metrics;
    metrics.run_ended("a \"quoted\"\nname", RunState::Succeeded, second);
    metrics.attempt_ended("j", "s", "sql", AttemptState::Failed, second);
    let outcome = CtasAttemptOutcome::TargetMet;
    metrics.observe("j", "s", &Observation::CtasAttempt { planned: 4, achieved: 4, target: 4, minimum: 2, outcome });
    metrics.observe("j", "s", &Observation::CtasSlotWait(second));
    metrics.observe("주문", "s", &Observation::Copied { rows: 1, bytes: 2 });
    let (path, generation, compaction) = ("/r.db".into(), Some(1), Some(0.5));
    metrics.observe("j", "s", &Observation::ReplicaPublished { path, bytes: 1, generation, rows: 2, compaction });
    metrics.observe("j", "s", &Observation::ReplicaPhase { phase: "verify", took: second });
    metrics.firing("j", FiringState::Ran);
    metrics.lock_waited("class/a", second);
    metrics.locks("class", 1, 2);
    metrics.state_call("claim", second);
    let page = api.get("/metrics", "").await.body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    api.stop().await;
}

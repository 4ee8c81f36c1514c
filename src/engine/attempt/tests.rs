use std::collections::BTreeMap;

use chrono::DateTime;
use tokio::sync::broadcast;

use super::*;
use crate::domain::ids::RunId;
use crate::domain::job::Step;
use crate::domain::retry::RetryPolicy;
use crate::domain::step::{StepKind, TriggerStep};
use crate::domain::template::{RunScope, Scope};
use crate::engine::clock::Clock;
use crate::engine::identity;
use crate::engine::room::Room;
use crate::engine::shared::EngineSettings;
use crate::steps::Environment;
use crate::store::{Capacities, Scope as ClaimScope, Store};
use crate::telemetry::{Masker, Metrics};

/// An attempt in a folder; the state database is never asked.
fn attempt(folder: &std::path::Path, limit: Option<Duration>) -> AttemptTask {
    let environment =
        Arc::new(Environment { connections: BTreeMap::new(), spool: folder.join("spool"), ..Environment::default() });
    let metrics = Metrics::new("test");
    let settings = EngineSettings {
        max_runs: 1,
        drain: Duration::ZERO,
        capacities: Capacities::default(),
        logs: folder.join("logs"),
        scope: ClaimScope::All,
        plans_firings: false,
        keep_runs: Duration::ZERO,
        keep_logs: Duration::ZERO,
        notify: None,
        public_url: None,
        patient: None,
    };
    let shared = Arc::new(Shared {
        store: Store::unreachable(metrics.clone()),
        environment: Arc::clone(&environment),
        metrics,
        masker: Masker::new(vec!["hunter22".to_owned()]),
        settings,
        me: identity::this_process(),
        clock: Clock::default(),
        events: broadcast::channel(16).0,
        room: Room::default(),
        changed: watch::channel(0).0,
        keeping_house: tokio::sync::Mutex::new(()),
        clearing_files: tokio::sync::Mutex::new(()),
        clock_set_back: tokio::sync::Notify::new(),
        alerts: tokio::sync::Notify::new(),
    });
    let run = RunId(uuid::Uuid::nil());
    let host = host(&shared, ("job", run, 0, 1), "step");
    let scope = RunScope { id: run.to_string(), job: "job".into(), scheduled_for: DateTime::UNIX_EPOCH, attempt: 1 };
    let context = StepContext {
        run,
        step_index: 0,
        step_id: "step".into(),
        attempt: 1,
        round: 1,
        scope: Scope::of_run(scope, BTreeMap::new(), chrono_tz::Tz::UTC),
        environment,
        host: Arc::<AttemptHost>::clone(&host),
        stop: signal(),
        base: folder.to_path_buf(),
        lock_token: None,
    };
    let kind = StepKind::Trigger(TriggerStep { job: "x".into(), params: Vec::new(), wait: false });
    let step = Step { id: "step".into(), timeout: None, retry: RetryPolicy::default(), locks: Vec::new(), kind };
    AttemptTask { shared, context, host, step, limit }
}

#[tokio::test]
async fn a_panic_fails_the_attempt_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (_stop, mut stopped) = watch::channel(None);
    let ended =
        attempt(folder.path(), None).supervise(async { panic!("password is {}", "hunter22") }, &mut stopped).await;
    let failure = ended.failure.unwrap();
    assert_eq!((ended.state, failure.code, failure.class), (AttemptState::Failed, Code::Bug, FailureClass::Bug));
    assert_eq!(failure.message, "the step panicked: password is ***");
    // The same engine goes on with the next attempt.
    let ended = attempt(folder.path(), None).supervise(async { Ok(Outcome::default()) }, &mut stopped).await;
    assert_eq!(ended.state, AttemptState::Succeeded);
    let log =
        std::fs::read_to_string(crate::engine::log_path(&folder.path().join("logs"), RunId(uuid::Uuid::nil()), 0, 1));
    assert!(log.is_ok_and(|log| log.contains("WL0903") && !log.contains("hunter22")));
}

#[tokio::test]
async fn a_step_that_is_stopped_is_told_and_waited_for_and_the_reason_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (reason, limit, state, code) in [
        (None, Some(Duration::from_millis(1)), AttemptState::TimedOut, Code::TimedOut),
        (Some(Stop::Cancel), None, AttemptState::Cancelled, Code::Cancelled),
        (Some(Stop::Drain), None, AttemptState::Cancelled, Code::Drained),
    ] {
        // The last: a cancel request that came too late for its statement and ended the next one.
        let cancelled =
            Failure::permanent(Code::PostgresCancelled, Side::Target, "canceling statement").with_sqlstate("57014");
        for failure in [Failure::stopped(), cancelled] {
            let task = attempt(folder.path(), limit);
            let told = task.context.stop.clone();
            let (_stop, mut stopped) = watch::channel(reason);
            let work = async move {
                told.cancelled().await;
                Err(failure)
            };
            let ended = task.supervise(work, &mut stopped).await;
            assert_eq!((ended.state, ended.failure.map(|failure| failure.code)), (state, Some(code)));
        }
    }
}

#[tokio::test]
async fn a_step_that_fails_while_it_is_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let task = attempt(folder.path(), None);
    let told = task.context.stop.clone();
    let (_stop, mut stopped) = watch::channel(Some(Stop::Drain));
    let work = async move {
        told.cancelled().await;
        Err(Failure::permanent(Code::PostgresData, Side::Target, "bad data"))
    };
    let ended = task.supervise(work, &mut stopped).await;
    assert_eq!(
        (ended.state, ended.failure.map(|failure| failure.code)),
        (AttemptState::Failed, Some(Code::PostgresData))
    );
}

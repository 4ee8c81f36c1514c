//! A state database, a target database and daemons in this process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use windlass::domain::failure::FailureClass;
use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::job::{Job, Overlap, Step};
use windlass::domain::retry::{Backoff, RetryPolicy};
use windlass::domain::run::{Run, Trigger};
use windlass::domain::state::RunState;
use windlass::domain::step::{SqlStep, StepKind};
use windlass::engine::{Daemon, EngineSettings};
use windlass::steps::{Connection, Environment};
use windlass::store::{Actor, Capacities, Claimed, Definition, Identity, Line, NewRun, Scope, Store, StoreError, Via};
use windlass::telemetry::{Masker, Metrics};

use crate::support::{self, TestDatabase};

/// How long a test waits for something that should happen at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A statement that works for as long as the table `go` holds a row.
pub(super) const WAIT: &str = "do $$ begin while exists (select from go) loop perform pg_sleep(0.02); end loop; end $$";

/// One database that is both state and target, and a folder.
pub(super) struct World {
    pub(super) database: TestDatabase,
    pub(super) store: Store,
    folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let database = support::server().database().await;
        let store = Store::new(database.server(), Metrics::new("test")).unwrap();
        store.migrate().await.unwrap();
        Self { database, store, folder: tempfile::tempdir().unwrap() }
    }

    /// Claims the first run in line that can start, as a daemon that only the database knows.
    pub(super) async fn claim(&self, me: DaemonId, capacities: &Capacities) -> Result<Option<Claimed>, StoreError> {
        loop {
            let mut claims = self.store.claim(me, Scope::All, capacities, 1, &mut Line::default()).await?;
            if claims.line_is_empty || !claims.runs.is_empty() {
                return Ok(claims.runs.pop());
            }
        }
    }

    /// A daemon that claims everything.
    pub(super) async fn daemon(&self) -> Daemon {
        self.daemon_with(|_| {}).await
    }

    pub(super) async fn daemon_with(&self, change: impl FnOnce(&mut EngineSettings)) -> Daemon {
        self.daemon_counting(Metrics::new("test"), change).await
    }

    pub(super) async fn daemon_counting(&self, metrics: Metrics, change: impl FnOnce(&mut EngineSettings)) -> Daemon {
        let mut settings = EngineSettings {
            max_runs: 8,
            drain: Duration::ZERO,
            capacities: Capacities::default(),
            logs: self.logs(),
            scope: Scope::All,
            plans_firings: true,
            keep_runs: Duration::from_hours(1),
            keep_logs: Duration::from_hours(1),
            notify: None,
            public_url: None,
            patient: None,
        };
        change(&mut settings);
        let connections = BTreeMap::from([("db".to_owned(), Connection::Postgres(self.database.server()))]);
        let environment =
            Environment { connections, spool: self.folder.path().join("spool"), ..Environment::default() };
        let masker = Masker::default();
        // Each daemon has connections of its own, as it would in a process of its own.
        let store = Store::new(self.database.server(), metrics.clone()).unwrap();
        Daemon::start(store, Arc::new(environment), metrics, masker, settings).await.unwrap()
    }

    /// A daemon that only the state database knows.
    pub(super) async fn daemon_on_paper(&self) -> DaemonId {
        let id = DaemonId(uuid::Uuid::now_v7());
        let identity = Identity { id, host: "elsewhere".into(), pid: 1, process_started: 1, version: "test".into() };
        self.store.register(&identity, Duration::from_mins(10)).await.unwrap();
        id
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// Saves a job and makes a run of it, as a person would.
    pub(super) async fn start(&self, job: &Job) -> RunId {
        self.start_as(job, Trigger::Manual).await
    }

    /// Saves a job and makes a run of it, as its schedule would.
    pub(super) async fn start_scheduled(&self, job: &Job) -> RunId {
        self.start_as(job, Trigger::Schedule).await
    }

    async fn start_as(&self, job: &Job, trigger: Trigger) -> RunId {
        let hash = self.save(job).await;
        let run = NewRun { trigger, ..NewRun::manual(&job.name, hash, BTreeMap::new()) };
        self.store.create_run(&run).await.unwrap()
    }

    pub(super) async fn save(&self, job: &Job) -> String {
        let definition = Definition { job: job.clone(), source: String::new(), base: self.folder.path().to_path_buf() };
        self.store.save_job(&definition).await.unwrap()
    }

    pub(super) async fn run(&self, id: RunId) -> Run {
        self.store.run(id).await.unwrap().unwrap()
    }

    /// Waits until a run satisfies a condition. The state database may be away in between, as some tests want it.
    pub(super) async fn until(&self, id: RunId, condition: impl Fn(&Run) -> bool) -> Run {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let run = match self.store.run(id).await {
                Err(StoreError::Unavailable { .. }) => None,
                run => run.unwrap(),
            };
            if run.as_ref().is_some_and(&condition) {
                return run.unwrap();
            }
            assert!(Instant::now() < deadline, "the run never came so far: {run:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) async fn ended(&self, id: RunId) -> Run {
        self.until(id, |run| run.state.is_final()).await
    }

    /// Waits until a query's value is as expected.
    pub(super) async fn until_value(&self, query: &str, expected: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.database.value(query).await;
            if value == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{query}: expected {expected}, found {value}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The end of a test whose daemons only the database knows.
    pub(super) async fn end_with_daemons_on_paper(self) {
        drop(self.store);
        self.database.close().await;
    }

    /// Stops daemons and checks that nothing is left running, leased or locked.
    pub(super) async fn end(self, daemons: Vec<Daemon>) {
        for daemon in daemons {
            daemon.stop(CancellationToken::new()).await;
        }
        assert!(self.store.daemons().await.unwrap().is_empty(), "a lease is left");
        let open = "select count(*) from windlass.attempt where state = 'running'";
        assert_eq!(self.database.value(open).await, "0", "an attempt is left running");
        let held = "select count(*) from windlass.lock_grant join windlass.run on run.id = lock_grant.run \
                    where released_at is null and state in ('succeeded', 'failed', 'cancelled')";
        assert_eq!(self.database.value(held).await, "0", "a lock outlived its run");
        drop(self.store);
        self.database.close().await;
    }
}

/// Whoever acts.
pub(super) fn somebody() -> Actor {
    Actor { name: "somebody".to_owned(), via: Via::Command }
}

/// A job of SQL steps, without retries.
pub(super) fn job(name: &str, statements: &[&str]) -> Job {
    let steps = statements.iter().enumerate().map(|(index, statement)| step(&format!("s{index}"), statement)).collect();
    Job {
        name: name.to_owned(),
        description: None,
        schedule: None,
        overlap: Overlap::Queue,
        params: Vec::new(),
        locks: Vec::new(),
        timeout: None,
        deadline: None,
        notify: None,
        steps,
    }
}

pub(super) fn step(id: &str, statement: &str) -> Step {
    let kind = StepKind::Sql(SqlStep { connection: "db".to_owned(), statement: statement.into(), expect_rows: None });
    Step { id: id.to_owned(), timeout: None, retry: RetryPolicy::default(), locks: Vec::new(), kind }
}

/// A policy of so many attempts without a pause worth mentioning.
pub(super) fn attempts(attempts: u32) -> RetryPolicy {
    RetryPolicy {
        attempts,
        delay: Duration::from_millis(20),
        backoff: Backoff::Constant,
        jitter: 0.0,
        on: vec![FailureClass::Transient, FailureClass::Timeout],
        ..RetryPolicy::default()
    }
}

/// States of a step's attempts.
pub(super) fn states(run: &Run, step: usize) -> Vec<&'static str> {
    run.steps[step].attempts.iter().map(|attempt| attempt.state.label()).collect()
}

/// Whether a run's step has a running attempt that the server works on.
pub(super) fn running(run: &Run) -> bool {
    run.state == RunState::Running && run.steps.iter().any(|step| step.state.label() == "running")
}

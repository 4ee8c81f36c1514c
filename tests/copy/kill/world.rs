//! Two servers that may be hurt, and a real daemon that copies from the one to the other.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::RngExt as _;
use rand::rngs::StdRng;
use windlass::domain::ids::RunId;
use windlass::domain::run::Run;
use windlass::postgres::{Server, Session};
use windlass::store::{NewRun, Store};
use windlass::telemetry::Metrics;

use super::aim::Aim;
use super::job::Mode;
use super::{Harm, ROWS, Side};
use crate::cli::folder::{Folder, Running};
use crate::support::{PrivateServer, eventually};

/// How long a run may take, with a server that recovers and a daemon that starts anew in it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The source's tables.
const SOURCES: &[&str] = &["\"원본\"", "\"둘째\""];

/// The servers, the daemon, and the state database that nobody harms.
pub(super) struct World {
    source: PrivateServer,
    target: PrivateServer,
    folder: Folder,
    store: Store,
    daemon: Option<Running>,
}

impl World {
    /// Sources with rows of generation 0, empty targets, and a daemon that knows the jobs.
    pub(super) async fn new() -> Self {
        let (source, target) = tokio::join!(PrivateServer::start(&[], false), PrivateServer::start(&[], false));
        let folder = Folder::new().await;
        let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
        let connection = |name, server: &PrivateServer| {
            format!("connections:\n  {name}: {{postgres: {{url: \"{}\"}}}}\n", server.embedded().url("postgres"))
        };
        let connections =
            connection("source", &source) + connection("target", &target).trim_start_matches("connections:\n");
        folder.write("windlass.yaml", &settings.replace("connections:\n", &connections));
        for mode in Mode::ALL {
            folder.write(&format!("jobs/{}.yaml", mode.job()), &mode.file());
        }
        let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
        let mut world = Self { source, target, folder, store, daemon: None };
        let make =
            |table: &&str| format!("create table {table} (id int, gen int, \"값\" text, primary key (id, gen));");
        let there: String = Mode::ALL.iter().flat_map(|mode| mode.tables()).map(make).collect();
        world.execute(Side::Source, &SOURCES.iter().map(make).collect::<String>()).await;
        world.execute(Side::Target, &format!("create schema \"여럿\"; {there}")).await;
        world.renew(0).await;
        world.start_daemon().await;
        world
    }

    /// Gives the source's rows another generation.
    pub(super) async fn renew(&self, generation: i32) {
        let rows = format!("select g, {generation}, repeat('값 ' || g, 10) from generate_series(1, {ROWS}) g");
        let fill = |table: &&str| format!("truncate {table}; insert into {table} {rows};");
        self.execute(Side::Source, &format!("begin; {} commit", SOURCES.iter().map(fill).collect::<String>())).await;
    }

    /// Forgets what was added in earlier rounds but one, so that it doesn't become ever more.
    pub(super) async fn thin_out(&self) {
        self.execute(Side::Target, "delete from append where gen < (select max(gen) from append)").await;
    }

    async fn execute(&self, side: Side, statements: &str) {
        let session = self.session(side).await;
        session.execute(statements, "preparing").await.unwrap();
        session.close().await;
    }

    /// A session that isn't the daemon's; waits for a server that recovers.
    pub(super) async fn session(&self, side: Side) -> Session {
        let server = self.server(side).server("postgres");
        let deadline = Instant::now() + PATIENCE;
        loop {
            match server.connect("test-kill").await {
                Ok(session) => return session,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    const fn server(&self, side: Side) -> &PrivateServer {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Where the reader connects.
    pub(super) fn target(&self) -> Server {
        self.target.server("postgres")
    }

    /// Whether the staging tables of a job are whole, and their newest generation.
    pub(super) async fn look(&self, mode: Mode) -> (bool, i32) {
        let session = self.session(Side::Target).await;
        let row = session.query_one(&mode.look(), &[], "reading").await.unwrap();
        session.close().await;
        (row.get(0), row.get(1))
    }

    /// Puts a run into the queue.
    pub(super) async fn trigger(&self, mode: Mode) -> RunId {
        let job = self.store.job(mode.job()).await.unwrap().unwrap();
        self.store.create_run(&NewRun::manual(mode.job(), job.hash, std::collections::BTreeMap::new())).await.unwrap()
    }

    /// Waits for a run's end.
    pub(super) async fn ended(&self, id: RunId) -> Run {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let run = self.store.run(id).await.unwrap().unwrap();
            if run.state.is_final() {
                return run;
            }
            let said = || self.daemon.as_ref().map(Running::errors);
            assert!(Instant::now() < deadline, "the run does not end: {run:#?}\n{}", said().unwrap_or_default());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sessions that are ready to look and to strike.
    pub(super) async fn aim(&self) -> Aim {
        let (source, target) = tokio::join!(self.session(Side::Source), self.session(Side::Target));
        Aim { source, target }
    }

    /// Does harm. Says what the sessions that were hit were doing.
    pub(super) async fn harm(&mut self, harm: Harm, aim: &Aim, rng: &mut StdRng) -> Vec<String> {
        match harm {
            Harm::Terminate(side) => aim.terminate(side, rng.random(), rng).await,
            Harm::TerminateAll => {
                let source = aim.terminate(Side::Source, true, rng).await;
                let target = aim.terminate(Side::Target, true, rng).await;
                source.into_iter().chain(target).collect()
            }
            Harm::Crash(side) => aim.crash(side, rng).await,
            Harm::Daemon => {
                let (source, target) = (aim.found(Side::Source).await, aim.found(Side::Target).await);
                // Dropping kills, without a word to the process.
                self.daemon = None;
                self.start_daemon().await;
                source.into_iter().chain(target).map(|(_, doing)| doing).collect()
            }
        }
    }

    async fn start_daemon(&mut self) {
        let daemon = self.folder.start(&["serve"]);
        daemon.says("ready").await;
        self.daemon = Some(daemon);
    }

    /// Nothing of ended runs is left on either side: no session, no hidden table.
    pub(super) async fn assert_nothing_left(&self) {
        for side in [Side::Source, Side::Target] {
            let session = self.session(side).await;
            let hidden = "select count(*) from pg_class where relname like 'windlass\\_0%'";
            assert_eq!(session.query_one(hidden, &[], "looking").await.unwrap().get::<_, i64>(0), 0, "{side:?}");
            session.close().await;
            let aim = self.aim().await;
            eventually("no session is left", async || aim.found(side).await.is_empty()).await;
        }
    }

    /// Ends the daemon, with a signal that it answers.
    pub(super) async fn close(mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.signal(Signal::SIGTERM);
            daemon.end().await.ends(0);
        }
        self.store.close();
        self.folder.close().await;
    }
}

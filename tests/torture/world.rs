//! Two servers, two daemons, and what is done to them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::RngExt as _;
use rand::rngs::StdRng;
use windlass::postgres::{Server, Session};

use super::fault::Fault;
use super::jobs;
use super::report::Recovery;
use crate::cli::folder::{Folder, Running};
use crate::support::PrivateServer;
use crate::support::flags::note;

/// How long anything may take to recover, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(4);

/// Runs that are open when the machine is too busy for what is due every second.
const TOO_MANY: usize = 24;

/// Whether no run is open.
const ALL_ENDED: &str = "select not exists (select from windlass.run where ended_at is null)";

/// The name of the state database.
const STATE: &str = "postgres";

/// The servers and the daemons.
pub(super) struct World {
    pub(super) state: PrivateServer,
    pub(super) target: PrivateServer,
    folder: Folder,
    daemons: Vec<Option<Running>>,
    started: usize,
}

impl World {
    pub(super) async fn new() -> Self {
        let (state, target) = tokio::join!(PrivateServer::start(&[], false), PrivateServer::start(&[], false));
        let folder = Folder::new().await;
        let url = |server: &PrivateServer| server.embedded().url(STATE);
        folder.write(
            "windlass.yaml",
            &format!(
                "data_dir: data\nstate: {{postgres: {{url: \"{}\"}}}}\nconnections:\n  target: {{postgres: {{url: \"{}\"}}}}\n\
                 http: {{listen: \"127.0.0.1:0\"}}\nlocks: {{pair: {{capacity: 2}}}}\nrunner: {{max_runs: 16, drain: 1s}}\n",
                url(&state),
                url(&target)
            ),
        );
        for (name, file) in jobs::all() {
            folder.write(&format!("jobs/{name}.yaml"), &file);
        }
        std::fs::create_dir(folder.path("out")).unwrap();
        let mut world = Self { state, target, folder, daemons: Vec::new(), started: 0 };
        let ready = "create table origin (id int primary key, text text); insert into origin select g, 'row ' || g from \
                     generate_series(1, 2000) g; create table staged (like origin); create table appended (run text)";
        let session = world.session(&world.target).await;
        session.execute(ready, "preparing").await.unwrap();
        session.close().await;
        for _ in 0..2 {
            let daemon = world.start();
            daemon.says("ready").await;
            world.daemons.push(Some(daemon));
        }
        world
    }

    fn start(&mut self) -> Running {
        self.started += 1;
        self.folder.start_as(&format!("daemon-{}.log", self.started), &["serve"])
    }

    /// A session of the test's own; waits for a server that recovers.
    pub(super) async fn session(&self, server: &PrivateServer) -> Session {
        let server: Server = server.server(STATE);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match server.connect("test-torture").await {
                Ok(session) => return session,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// One value of the state database, asked until it answers.
    pub(super) async fn value(&self, query: &str) -> String {
        loop {
            let session = self.session(&self.state).await;
            let found = session.query_one(&format!("select ({query})::text"), &[], "looking").await;
            if let Ok(row) = found {
                let value: Option<String> = row.get(0);
                session.close().await;
                return value.unwrap_or_default();
            }
        }
    }

    async fn until(&self, what: &str, query: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.value(query).await != "true" {
            assert!(Instant::now() < deadline, "still not so: {what}; {}\n{}", self.open().await, self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs that haven't ended, for a message.
    async fn open(&self) -> String {
        self.value(
            "select string_agg(format('%s %s %s: %s', job, id, state, waiting_for), '; ') from windlass.run \
             where ended_at is null",
        )
        .await
    }

    /// Waits until every job has succeeded once.
    pub(super) async fn first_success(&self) {
        let all = jobs::all().len();
        let query = format!("select count(distinct job) = {all} from windlass.run where state = 'succeeded'");
        self.until("each job has succeeded", &query).await;
    }

    /// Where runs pile up, because the machine is too busy for all that is due every second, pauses the jobs until what is
    /// open has ended: a fault would be waited for longer and longer.
    pub(super) async fn catch_breath(&self) {
        let many = format!("select count(*) > {TOO_MANY} from windlass.run where ended_at is null");
        if self.value(&many).await != "true" {
            return;
        }
        note("the machine is too busy; the jobs are paused until what is open has ended");
        for what in ["pause", "resume"] {
            for (name, _) in jobs::all() {
                self.folder.call(&[what, name]).ends(0);
            }
            if what == "pause" {
                self.until("what piled up has ended", ALL_ENDED).await;
            }
        }
    }

    /// Does it, and waits until everything goes on.
    pub(super) async fn suffer(&mut self, fault: Fault, rng: &mut StdRng) -> Recovery {
        let chosen = rng.random_range(0..self.daemons.len());
        let open = self.value("select count(*) from windlass.run where ended_at is null").await;
        let lost = "select count(*) from windlass.attempt where state = 'lost'";
        let (before, last) = (self.value(lost).await, self.value("select max(created_at) from windlass.run").await);
        let begun = Instant::now();
        match fault {
            Fault::Kill => {
                // Dropping kills, without a word to the process.
                self.daemons[chosen] = None;
                let daemon = self.start();
                self.daemons[chosen] = Some(daemon);
            }
            Fault::Drain => {
                let daemon = self.daemons[chosen].take().unwrap();
                daemon.signal(Signal::SIGTERM);
                daemon.end().await.ends(0);
                let daemon = self.start();
                self.daemons[chosen] = Some(daemon);
            }
            Fault::Freeze(_) => self.daemons[chosen].as_ref().unwrap().signal(Signal::SIGSTOP),
            Fault::State(how) => self.state.restart(how).await,
            Fault::Target(how) => self.target.restart(how).await,
            Fault::Hang(pause) => {
                self.state.freeze();
                tokio::time::sleep(pause).await;
                self.state.thaw();
            }
        }
        let thaw = async {
            if let Fault::Freeze(pause) = fault {
                tokio::time::sleep(pause).await;
                self.daemons[chosen].as_ref().unwrap().signal(Signal::SIGCONT);
            }
        };
        let recovery = async {
            let next =
                format!("select exists (select from windlass.run where created_at > '{last}' and state = 'succeeded')");
            self.until("a run made since has succeeded", &next).await;
            let going = begun.elapsed();
            let ended = format!(
                "select not exists (select from windlass.run where created_at <= '{last}' and ended_at is null)"
            );
            self.until("all that was open has ended", &ended).await;
            (going, begun.elapsed())
        };
        let ((), (going, all)) = tokio::join!(thaw, recovery);
        let after = self.value(lost).await;
        let number = |text: &str| text.parse::<u64>().unwrap();
        Recovery { open: number(&open), lost: number(&after) - number(&before), going, all }
    }

    /// Pauses all jobs, waits until all runs have ended, and ends the daemons.
    pub(super) async fn come_to_rest(&mut self) {
        for (name, _) in jobs::all() {
            self.folder.call(&["pause", name]).ends(0);
        }
        self.until("all runs have ended", ALL_ENDED).await;
        for daemon in &mut self.daemons {
            let daemon = daemon.take().unwrap();
            daemon.signal(Signal::SIGTERM);
            daemon.end().await.ends(0);
        }
    }

    /// What is wrong with the replica or beside it.
    pub(super) fn replica(&self) -> Vec<String> {
        let verified = self.folder.call(&["replica", "verify", "out/replica.db"]);
        let mut wrong: Vec<String> = (verified.code != Some(0)).then(|| format!("{verified:?}")).into_iter().collect();
        let beside = std::fs::read_dir(self.folder.path("out")).unwrap().flatten();
        let names = beside.map(|entry| entry.file_name().to_string_lossy().into_owned());
        wrong.extend(names.filter(|name| name.contains(".tmp")).map(|name| format!("{name} is left")));
        wrong
    }

    /// Where bodies are kept on their way.
    pub(super) fn spool(&self) -> PathBuf {
        self.folder.path("data/spool")
    }

    /// The end of what the daemons have said.
    pub(super) fn said(&self) -> String {
        let tails = (1..=self.started).map(|number| {
            let text = std::fs::read_to_string(self.folder.path(&format!("daemon-{number}.log"))).unwrap_or_default();
            let lines: Vec<&str> = text.lines().filter(|line| !line.contains(" INFO ")).collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        });
        tails.collect::<Vec<_>>().join("\n--\n")
    }

    pub(super) async fn close(self) {
        self.folder.close().await;
    }
}

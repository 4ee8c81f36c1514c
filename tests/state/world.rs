//! A daemon with a state server of its own, a job that is due every second, and a step that takes as long as the test wants.

use std::time::Instant;

use nix::sys::signal::Signal;
use windlass::postgres::{Server, Session};

use crate::cli::folder::{Folder, Running};
use crate::cli::serving::{address, get};
use crate::support::eventually;
use crate::support::flags::note;

/// A statement that works for as long as the table `gate` has a row.
pub(super) const WAIT: &str =
    "do $$ begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$";

/// The jobs' tables.
const TABLES: &str =
    "create table did (job int, due timestamptz); create table done (what text); create table gate as select 1";

/// What the daemon works with. The jobs' own database is on another server than the state.
pub(super) struct World {
    /// A superuser's session of the state server.
    pub(super) state: Session,
    pub(super) folder: Folder,
    pub(super) daemon: Running,
    address: String,
    ticks: usize,
}

impl World {
    /// A daemon on the state at that address, with the job `tick` running and `long` at work. `ticks`: how many jobs are
    /// due every second.
    pub(super) async fn new(state: &Server, url: &str, ticks: usize) -> Self {
        Self::with(state, url, ticks, &[]).await
    }

    /// The same with more in the daemon's environment.
    pub(super) async fn with(state: &Server, url: &str, ticks: usize, variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new().await;
        folder.database.execute(TABLES).await;
        write_settings(&folder, url, "max_runs: 16");
        for tick in 0..ticks {
            folder.write(&format!("jobs/tick{tick}.yaml"), &tick_job(tick, "schedule: {every: 1s, missed: all}\n"));
        }
        folder.sql_job("long", &format!("{WAIT}; insert into done values ('long')"));
        let daemon = folder.start_with("stderr.log", &["serve"], variables);
        let address = address(&daemon).await;
        daemon.says("ready").await;
        folder.call(&["trigger", "long"]).ends(0);
        let world = Self { state: state.connect("test-admin").await.unwrap(), folder, daemon, address, ticks };
        world.works_again("before the fault").await;
        let running = "select count(*) from windlass.run where job = 'long' and state = 'running'";
        eventually("the long step is at work", async || world.count(running).await == 1).await;
        world
    }

    /// One number of the state database.
    pub(super) async fn count(&self, question: &str) -> i64 {
        self.state.client().query_one(question, &[]).await.unwrap().get(0)
    }

    /// Where the daemon answers.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Whether `/readyz` says so.
    pub(super) async fn is_ready(&self) -> bool {
        get(&self.address, "/readyz").await.0.contains("200")
    }

    /// Waits until it does, or doesn't.
    pub(super) async fn comes_to_be(&self, ready: bool) {
        let what = if ready { "it is ready" } else { "it isn't ready" };
        eventually(what, async || self.is_ready().await == ready).await;
    }

    /// Lets the long step end.
    pub(super) async fn open_gate(&self) {
        self.folder.database.execute("delete from gate").await;
    }

    /// Waits until work that was due after this moment is done, and notes how long that took.
    pub(super) async fn works_again(&self, what: &str) {
        let (since, from) = (Instant::now(), self.folder.database.value("select now()").await);
        let done = format!("select count(*) > 0 from did where due > '{from}'");
        eventually(what, async || self.folder.database.value(&done).await == "true").await;
        let took = since.elapsed().as_secs_f64();
        note(&format!("measured: {what}: work that was due afterwards was done after {took:.1} s"));
    }

    /// Waits for a moment at which no run of a due time is open.
    pub(super) async fn between_two_due_times(&self) {
        let open = "select count(*) from windlass.run where job <> 'long' and ended_at is null";
        eventually("nothing is due", async || self.count(open).await == 0).await;
    }

    /// Everything ran, in one attempt, and each due time once; then the daemon stops.
    pub(super) async fn ends_as_if_nothing_had_been(self) {
        self.comes_to_rest(false).await;
    }

    /// The same. But a server that crashed may have forgotten the claims of its last half second, and then their steps run
    /// again: work that wasn't recorded yet was done before.
    pub(super) async fn ends_as_if_at_most_its_last_moment_had_been_repeated(self) {
        self.comes_to_rest(true).await;
    }

    async fn comes_to_rest(self, crashed: bool) {
        for tick in 0..self.ticks {
            self.folder.write(&format!("jobs/tick{tick}.yaml"), &tick_job(tick, ""));
        }
        let due = "select count(*) from windlass.job where next_due is not null";
        let open = "select count(*) from windlass.run where ended_at is null";
        let rest = async || self.count(due).await == 0 && self.count(open).await == 0;
        eventually("all that was due has run", rest).await;
        for (what, question) in [
            ("runs that didn't succeed", "select count(*) from windlass.run where state <> 'succeeded'"),
            ("attempts that didn't succeed", "select count(*) from windlass.attempt where state <> 'succeeded'"),
            ("due times that didn't run", "select count(*) from windlass.firing where state <> 'ran'"),
            (
                "due times that are not in the ledger",
                "select count(*) from (select scheduled_for - lag(scheduled_for) over (partition by job order by scheduled_for) \
                 as apart from windlass.firing) as pairs where apart <> interval '1 second'",
            ),
        ] {
            assert_eq!(self.count(question).await, 0, "{what}; {}", self.daemon.errors());
        }
        let ran = self.count("select count(*) from windlass.firing").await.to_string();
        let database = &self.folder.database;
        assert_eq!(database.value("select count(distinct (job, due)) from did").await, ran, "not all ran");
        let twice = database.value("select count(*) - count(distinct (job, due)) from did").await;
        assert!(crashed || twice == "0", "{twice} due times ran twice");
        assert_eq!(database.value("select count(*) from done").await, "1", "the long step ran once");
        note(&format!("measured: {ran} due times, each ran once but for {twice} that ran twice"));
        self.daemon.signal(Signal::SIGTERM);
        self.daemon.end().await.ends(0);
        self.state.close().await;
        self.folder.close().await;
    }
}

/// Settings with this state database, and more about the runner.
pub(super) fn write_settings(folder: &Folder, url: &str, runner: &str) {
    let pg = folder.database.url();
    folder.write(
        "windlass.yaml",
        &format!(
            "data_dir: data\nstate: {{postgres: {{url: \"{url}\"}}}}\nhttp: {{listen: \"127.0.0.1:0\"}}\nconnections:\n  \
             pg: {{postgres: {{url: \"{pg}\"}}}}\nrunner: {{{runner}}}\n"
        ),
    );
}

fn tick_job(number: usize, schedule: &str) -> String {
    // Not by `format!`: braces are the template's.
    let step = "sql: {connection: pg, statement: \"insert into did values (NUMBER, {{ run.scheduled_for }})\"}";
    let step = step.replace("NUMBER", &number.to_string());
    format!("job: tick{number}\n{schedule}steps:\n  - id: a\n    {step}\n")
}

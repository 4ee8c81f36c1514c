//! Real daemons: several that want the same slots, and one that is killed in each phase.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use windlass::domain::ids::RunId;
use windlass::domain::run::Run;
use windlass::domain::state::RunState;
use windlass::postgres::{Server, Session};
use windlass::store::{NewRun, Store};
use windlass::telemetry::Metrics;

use super::fixture::{execute, four_slots, hold, nothing_left, slow, value};
use crate::cli::folder::{Folder, Running};
use crate::support::{PrivateServer, eventually};

/// How long a run may take, with a daemon that starts anew in it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server with four slots, a folder with settings and jobs, and the state database.
struct World {
    _server: PrivateServer,
    database: Server,
    folder: Folder,
    store: Store,
}

impl World {
    async fn new() -> Self {
        let (server, database) = four_slots().await;
        let folder = Folder::new().await;
        let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
        let slots =
            format!("connections:\n  slots: {{postgres: {{url: \"{}\"}}}}\n", server.embedded().url("postgres"));
        let settings = settings.replace("connections:\n", &slots).replace("drain: 20s", "drain: 0s, max_runs: 2");
        folder.write("windlass.yaml", &settings);
        folder.write("second.yaml", &settings.replace("data_dir: data", "data_dir: second"));
        let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
        Self { _server: server, database, folder, store }
    }

    /// A job that makes the table of its name, with more keys of the step.
    fn job(&self, name: &str, query: &str, more: &str) {
        let text = format!(
            "job: {name}\nsteps:\n  - id: table\n    parallel_ctas:\n      connection: slots\n      table: {name}\n      \
             query: {query}\n{more}"
        );
        self.folder.write(&format!("jobs/{name}.yaml"), &text);
    }

    async fn serve(&self, config: &str) -> Running {
        let daemon = self.folder.start(&["serve", "--config", config]);
        daemon.says("ready").await;
        daemon
    }

    async fn trigger(&self, name: &str) -> RunId {
        let job = self.store.job(name).await.unwrap().unwrap();
        self.store.create_run(&NewRun::manual(name, job.hash, std::collections::BTreeMap::new())).await.unwrap()
    }

    async fn ended(&self, id: RunId) -> Run {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let run = self.store.run(id).await.unwrap().unwrap();
            if run.state.is_final() {
                return run;
            }
            assert!(Instant::now() < deadline, "the run does not end: {run:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// States of the turns for worker slots: `held`, `waiting`.
    async fn turns(&self) -> Vec<String> {
        let locks = self.store.locks().await.unwrap();
        locks.into_iter().filter(|lock| lock.name.starts_with("worker-slots/")).map(|lock| lock.state).collect()
    }

    async fn close(self, daemons: Vec<Running>) {
        for daemon in daemons {
            daemon.signal(Signal::SIGTERM);
            daemon.end().await.ends(0);
        }
        self.store.close();
        self.folder.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_several_daemons_take_turns_at_the_same_slots() {
    let world = World::new().await;
    let names = ["one", "two", "three", "four"];
    for name in names {
        world.job(name, &slow(0.05), "");
    }
    let daemons = vec![world.serve("windlass.yaml").await, world.serve("second.yaml").await];
    let mut runs = Vec::new();
    for name in names {
        runs.push(world.trigger(name).await);
    }
    eventually("one has the turn and another waits for it", async || {
        let turns = world.turns().await;
        turns.iter().any(|state| state == "held") && turns.iter().any(|state| state == "waiting")
    })
    .await;
    for id in runs {
        let run = world.ended(id).await;
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        let workers = run.steps[0].attempts[0].outcome.as_ref().unwrap().workers.clone().unwrap();
        let log = || world.folder.call(&["logs", &id.to_string()]).stdout;
        assert_eq!((workers.achieved, workers.attempts, workers.target_met), (4, 1, true), "{workers:?}\n{}", log());
        assert!(workers.lost_s.abs() < f64::EPSILON, "{workers:?}");
    }
    let both = "select count(distinct daemon) from windlass.attempt";
    assert_eq!(world.folder.database.value(both).await, "2");
    assert!(world.turns().await.is_empty());
    nothing_left(&world.database).await;
    world.close(daemons).await;
}

/// Where a daemon is killed.
#[derive(Clone, Copy, Debug)]
enum Phase {
    WaitingForSlots,
    Running,
    BuildingAnIndex,
    Swapping,
}

impl World {
    /// Makes a run stay in the phase, until what is returned is ended.
    async fn obstacle(&self, phase: Phase) -> Session {
        match phase {
            Phase::WaitingForSlots => hold(&self.database, 1).await,
            Phase::Swapping => {
                let reader = self.database.connect("test-reader").await.unwrap();
                reader.client().batch_execute("begin; select from killed").await.unwrap();
                reader
            }
            // These take their time by themselves.
            Phase::Running | Phase::BuildingAnIndex => self.database.connect("test-idle").await.unwrap(),
        }
    }

    /// Waits until a run is in the phase.
    async fn comes_to(&self, phase: Phase) {
        let look = match phase {
            Phase::WaitingForSlots => {
                return eventually("it waits for slots", async || self.turns().await == ["held"]).await;
            }
            Phase::Running => "leader_pid is not null",
            Phase::BuildingAnIndex => "state = 'active' and query like 'create index%'",
            Phase::Swapping => "query like '%access exclusive%'",
        };
        let sql = format!(
            "select count(*) > 0 from pg_stat_activity where application_name like 'windlass/%/query' and {look}"
        );
        eventually(&format!("{phase:?}"), async || value(&self.database, &sql).await == "true").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_in_any_phase_leaves_no_query_running_and_costs_one_attempt() {
    let world = World::new().await;
    execute(
        &world.database,
        "create function slowly(int) returns int immutable language plpgsql as
           'begin perform pg_sleep(0.01); return $1; end';
         create table killed (id int, note text)",
    )
    .await;
    world.job("killed", &slow(0.05), "      indexes: [{on: slowly(id)}]\n");
    for phase in [Phase::WaitingForSlots, Phase::Running, Phase::BuildingAnIndex, Phase::Swapping] {
        execute(&world.database, "drop table killed; create table killed as select 0 as id").await;
        let obstacle = world.obstacle(phase).await;
        let daemon = world.serve("windlass.yaml").await;
        let run = world.trigger("killed").await;
        world.comes_to(phase).await;
        // Dropping kills, without a word to the process.
        drop(daemon);
        eventually("the server has noticed that nobody waits for the query", async || {
            let sessions = "select count(*) from pg_stat_activity where application_name like 'windlass/%'";
            value(&world.database, sessions).await == "0"
        })
        .await;
        assert_eq!(value(&world.database, "select string_agg(id::text, ',') from killed").await, "0", "{phase:?}");

        let daemon = world.serve("windlass.yaml").await;
        eventually("the run was taken over", async || {
            let run = world.store.run(run).await.unwrap().unwrap();
            run.steps[0].attempts.len() == 2
        })
        .await;
        obstacle.stop().await.unwrap();
        let ended = world.ended(run).await;
        let states: Vec<_> = ended.steps[0].attempts.iter().map(|attempt| attempt.state.label()).collect();
        assert_eq!((ended.state, states), (RunState::Succeeded, vec!["lost", "succeeded"]), "{phase:?}: {ended:#?}");
        assert_eq!(value(&world.database, "select sum(id) from killed").await, "2080", "{phase:?}");
        assert!(world.turns().await.is_empty(), "{phase:?}");
        nothing_left(&world.database).await;
        daemon.signal(Signal::SIGTERM);
        daemon.end().await.ends(0);
    }
    world.close(Vec::new()).await;
}

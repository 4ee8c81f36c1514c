//! How locks are freed: with the run however it ends, and never before what it had begun has stopped.

use nix::sys::signal::Signal;
use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::run::Run;
use windlass::domain::state::{AttemptState, RunState};
use windlass::postgres::Session;
use windlass::store::{Capacities, NewRun, Store, StoreError, Waiters, Write};
use windlass::telemetry::Metrics;

use super::world::{World, job};
use crate::cli::folder::{Folder, Running};
use crate::support::{PrivateServer, eventually};

/// A run of a job with a lock that this daemon has claimed.
async fn claimed(world: &World, daemon: DaemonId) -> RunId {
    let mut held = job("held", &["select 1", "select 2"]);
    held.locks.push("one".into());
    let run = world.start(&held).await;
    let claimed = world.claim(daemon, &Capacities::default()).await.unwrap().unwrap();
    assert_eq!(claimed.id, run);
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_lost_before_it_began_frees_its_lock_when_it_is_cancelled() {
    let world = World::new().await;
    let dead = world.daemon_on_paper().await;
    let run = claimed(&world, dead).await;
    assert_eq!(world.store.take_over(dead, true).await.unwrap(), Some(0));
    assert_eq!(world.store.locks().await.unwrap().len(), 1);
    assert_eq!(world.store.cancel_run(run).await.unwrap(), RunState::Cancelled);
    assert!(world.store.locks().await.unwrap().is_empty());
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_daemon_was_lost_its_runs_locks_have_a_greater_number_and_steps_are_told_it() {
    let world = World::new().await;
    world.database.execute("create table told (token bigint)").await;
    let dead = world.daemon_on_paper().await;
    let mut held = job("held", &["insert into told values ({{ lock.token }})"]);
    held.locks.push("one".into());
    let run = world.start(&held).await;
    let claimed = world.claim(dead, &Capacities::default()).await.unwrap().unwrap();
    world.store.record(dead, run, &[Write::Start { step: 0, number: 1 }]).await.unwrap();
    world.store.take_over(dead, true).await.unwrap();
    let daemon = world.daemon().await;
    let ended = world.ended(run).await;
    assert_eq!(ended.state, RunState::Succeeded);
    assert!(ended.locks[0].token > claimed.locks[0].token, "{ended:#?}");
    assert_eq!(world.database.value("select token from told").await, ended.locks[0].token.to_string());
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_given_up_gets_no_lock_for_a_run_that_was_its_own() {
    let world = World::new().await;
    let (dead, living) = (world.daemon_on_paper().await, world.daemon_on_paper().await);
    let run = claimed(&world, dead).await;
    world.store.take_over(dead, true).await.unwrap();
    let late = async || world.store.ask_for_step(dead, run, 1, &["two".to_owned()], &Capacities::default()).await;
    assert!(matches!(late().await.unwrap_err(), StoreError::NotOwner { .. }));
    world.claim(living, &Capacities::default()).await.unwrap().unwrap();
    world
        .store
        .record(living, run, &[Write::EndRun { state: RunState::Succeeded, failure: None, waiters: Waiters::Any }])
        .await
        .unwrap();
    assert!(matches!(late().await.unwrap_err(), StoreError::NotOwner { .. }));
    assert!(world.store.locks().await.unwrap().is_empty());
    world.store.leave(living).await.unwrap();
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_its_steps_lock_takes_no_room_and_says_for_what() {
    let world = World::new().await;
    let other = world.daemon_on_paper().await;
    let holder = claimed(&world, other).await;
    let mut waiter = job("waiter", &["select 1", "select 2"]);
    waiter.steps[1].locks.push("one".into());
    let waiter = world.start(&waiter).await;
    let daemon = world.daemon_with(|settings| settings.max_runs = 1).await;
    let waiting = world.until(waiter, |run| run.state == RunState::Waiting).await;
    assert_eq!(waiting.waiting_for.unwrap(), format!("lock one, behind run {holder} of held"));
    assert!(waiting.waiting_since.unwrap() >= waiting.created_at);
    let beside = world.start(&job("beside", &["select 1"])).await;
    assert_eq!(world.ended(beside).await.state, RunState::Succeeded);
    let list = world.store.locks().await.unwrap();
    assert_eq!((list[1].place, list[1].behind, list[1].behind_job.as_deref()), (Some(1), Some(holder), Some("held")));

    world
        .store
        .record(other, holder, &[Write::EndRun { state: RunState::Succeeded, failure: None, waiters: Waiters::Any }])
        .await
        .unwrap();
    let ended = world.ended(waiter).await;
    assert_eq!((ended.state, ended.waiting_since), (RunState::Succeeded, None));
    let attempts: Vec<AttemptState> =
        ended.steps.iter().flat_map(|step| &step.attempts).map(|attempt| attempt.state).collect();
    assert_eq!(attempts, [AttemptState::Succeeded; 2], "waiting costs no attempt");
    world.store.leave(other).await.unwrap();
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_waiter_for_a_steps_lock_leaves_the_queue_at_once() {
    let world = World::new().await;
    let other = world.daemon_on_paper().await;
    let holder = claimed(&world, other).await;
    let mut waiter = job("waiter", &["select 1"]);
    waiter.steps[0].locks.push("one".into());
    let waiter = world.start(&waiter).await;
    let daemon = world.daemon().await;
    world.until(waiter, |run| run.state == RunState::Waiting).await;
    world.store.cancel_run(waiter).await.unwrap();
    assert_eq!(world.store.locks().await.unwrap().len(), 1);
    assert_eq!(world.ended(waiter).await.state, RunState::Cancelled);
    world
        .store
        .record(other, holder, &[Write::EndRun { state: RunState::Succeeded, failure: None, waiters: Waiters::Any }])
        .await
        .unwrap();
    world.store.leave(other).await.unwrap();
    world.end(vec![daemon]).await;
}

/// A daemon that is frozen while a statement of a run with a lock is at work on a server. It was given up and the run was
/// cancelled, so nobody will try it again; another run, which fails if it isn't alone there, waits for the lock.
struct Frozen {
    folder: Folder,
    server: PrivateServer,
    store: Store,
    daemon: Running,
    hold: RunId,
    next: RunId,
}

impl Frozen {
    async fn new() -> Self {
        let (folder, server) = (Folder::new().await, PrivateServer::start(&[], false).await);
        let url = server.embedded().url("postgres");
        let url = format!("{url}{}connect_timeout=1", if url.contains('?') { '&' } else { '?' });
        let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
        let connection = format!("connections:\n  target: {{postgres: {{url: \"{url}\"}}}}\n");
        folder.write("windlass.yaml", &settings.replace("connections:\n", &connection));
        let job = |name: &str, statement: &str| {
            let sql = format!("sql:\n      connection: target\n      statement: |\n        {statement}\n");
            folder.write(
                &format!("jobs/{name}.yaml"),
                &format!("job: {name}\nlocks: [one]\nsteps:\n  - id: a\n    {sql}"),
            );
        };
        job("hold", "select pg_sleep(600)");
        job(
            "next",
            "do $$ begin if exists (select from pg_stat_activity where application_name like 'windlass/%' \
             and pid <> pg_backend_pid()) then raise exception 'not alone'; end if; end $$",
        );
        let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
        let daemon = folder.start(&["serve"]);
        daemon.says("ready").await;
        let start = async |name: &str| {
            let job = store.job(name).await.unwrap().unwrap();
            store.create_run(&NewRun::manual(name, job.hash, std::collections::BTreeMap::new())).await.unwrap()
        };
        let hold = start("hold").await;
        let admin = server.server("postgres").connect("test-admin").await.unwrap();
        eventually("its statement is at work", async || at_work(&admin).await == 1).await;
        let next = start("next").await;
        daemon.signal(Signal::SIGSTOP);
        let given_up = store.daemons().await.unwrap()[0].id;
        // It may be frozen in the middle of a transaction, which the server ends after 5 seconds.
        eventually("it is given up", async || match store.take_over(given_up, true).await {
            Err(StoreError::Unavailable { .. }) => false,
            runs => matches!(runs.unwrap(), Some(1) | None),
        })
        .await;
        store.cancel_run(hold).await.unwrap();
        assert_eq!(at_work(&admin).await, 1, "the statement goes on without its daemon");
        admin.close().await;
        Self { folder, server, store, daemon, hold, next }
    }

    async fn run(&self, id: RunId) -> Run {
        self.store.run(id).await.unwrap().unwrap()
    }

    /// Waits for both to end with the other daemon's help, and checks how.
    async fn end(self, living: Running) {
        eventually("both have ended", async || self.run(self.next).await.state.is_final()).await;
        assert_eq!(self.run(self.hold).await.state, RunState::Cancelled);
        let next = self.run(self.next).await;
        assert_eq!(next.state, RunState::Succeeded, "{next:#?}");
        self.daemon.signal(Signal::SIGCONT);
        drop(self.daemon);
        living.signal(Signal::SIGTERM);
        living.end().await.ends(0);
        self.store.close();
        self.folder.close().await;
    }
}

/// Whether a server works on the holder's statement.
async fn at_work(admin: &Session) -> i64 {
    let active = "select count(*) from pg_stat_activity where application_name like 'windlass/%' \
                  and state = 'active' and query like '%pg_sleep(600)%'";
    admin.query_one(active, &[], "looking").await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_daemons_lock_is_free_only_when_its_work_has_stopped() {
    let world = Frozen::new().await;
    let living = world.folder.start_as("second.log", &["serve"]);
    living.says("ready").await;
    world.end(living).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_nobody_can_see_whether_its_work_has_stopped_the_lock_stays() {
    let world = Frozen::new().await;
    world.server.freeze();
    let living = world.folder.start_as("second.log", &["serve"]);
    living.says("could not see whether earlier attempts have stopped").await;
    let locks = world.store.locks().await.unwrap();
    let runs: Vec<(&str, RunId)> = locks.iter().map(|lock| (lock.state.as_str(), lock.run)).collect();
    assert_eq!(runs, [("held", world.hold), ("waiting", world.next)]);
    world.server.thaw();
    world.end(living).await;
}

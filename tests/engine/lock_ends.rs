//! How locks are freed: with the run however it ends, and never before what it had begun has stopped.

use std::time::Duration;

use nix::sys::signal::Signal;
use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::run::Run;
use windlass::domain::state::{AttemptState, RunState};
use windlass::store::{Capacities, Identity, NewRun, Store, StoreError, Write};
use windlass::telemetry::Metrics;

use super::world::{WAIT, World, job, running};
use crate::cli::folder::Folder;
use crate::support::eventually;

/// A daemon that only the state database knows.
async fn daemon(world: &World) -> DaemonId {
    let id = DaemonId(uuid::Uuid::now_v7());
    let identity = Identity { id, host: "elsewhere".into(), pid: 1, process_started: 1, version: "test".into() };
    world.store.register(&identity, Duration::from_mins(10)).await.unwrap();
    id
}

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
    let dead = daemon(&world).await;
    let run = claimed(&world, dead).await;
    assert_eq!(world.store.take_over(dead, true).await.unwrap(), Some(0));
    assert_eq!(world.store.locks().await.unwrap().len(), 1);
    assert_eq!(world.store.cancel_run(run).await.unwrap(), RunState::Cancelled);
    assert!(world.store.locks().await.unwrap().is_empty());
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_given_up_gets_no_lock_for_a_run_that_was_its_own() {
    let world = World::new().await;
    let (dead, living) = (daemon(&world).await, daemon(&world).await);
    let run = claimed(&world, dead).await;
    world.store.take_over(dead, true).await.unwrap();
    let late = async || world.store.ask_for_step(dead, run, 1, &["two".to_owned()], &Capacities::default()).await;
    assert!(matches!(late().await.unwrap_err(), StoreError::NotOwner { .. }));
    world.claim(living, &Capacities::default()).await.unwrap().unwrap();
    world
        .store
        .record(living, run, &[Write::EndRun { state: RunState::Succeeded, failure: None, alone: false }])
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
    let other = daemon(&world).await;
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
        .record(other, holder, &[Write::EndRun { state: RunState::Succeeded, failure: None, alone: false }])
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
    let other = daemon(&world).await;
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
        .record(other, holder, &[Write::EndRun { state: RunState::Succeeded, failure: None, alone: false }])
        .await
        .unwrap();
    world.store.leave(other).await.unwrap();
    world.end(vec![daemon]).await;
}

/// The daemon is frozen, its statement is not. Its run is cancelled, so nobody will try it again; the next holder of the
/// lock must not find the statement at work.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_daemons_lock_is_free_only_when_its_work_has_stopped() {
    let folder = Folder::new().await;
    folder.database.execute("create table go as select 1").await;
    let job = |name: &str, statement: &str| {
        let steps =
            format!("steps:\n  - id: a\n    sql:\n      connection: pg\n      statement: |\n        {statement}\n");
        folder.write(&format!("jobs/{name}.yaml"), &format!("job: {name}\nlocks: [one]\n{steps}"));
    };
    job("hold", WAIT);
    job(
        "next",
        "do $$ begin if exists (select from pg_stat_activity where datname = current_database() and application_name \
         like 'windlass/%' and pid <> pg_backend_pid()) then raise exception 'not alone'; end if; end $$",
    );
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
    let frozen = folder.start(&["serve"]);
    frozen.says("ready").await;
    let start = async |name: &str| {
        let job = store.job(name).await.unwrap().unwrap();
        store.create_run(&NewRun::manual(name, job.hash, std::collections::BTreeMap::new())).await.unwrap()
    };
    let look = async |id: RunId| -> Run { store.run(id).await.unwrap().unwrap() };
    let hold = start("hold").await;
    eventually("the holder is at work", async || running(&look(hold).await)).await;
    let at_work = "select count(*) from pg_stat_activity where datname = current_database() \
                   and application_name like 'windlass/%' and state = 'active'";
    eventually("its statement is at work", async || folder.database.value(at_work).await == "1").await;
    let next = start("next").await;
    frozen.signal(Signal::SIGSTOP);
    let given_up = store.daemons().await.unwrap()[0].id;
    assert_eq!(store.take_over(given_up, true).await.unwrap(), Some(1));
    store.cancel_run(hold).await.unwrap();
    assert_eq!(folder.database.value(at_work).await, "1", "the statement goes on without its daemon");

    let living = folder.start_as("second.log", &["serve"]);
    living.says("ready").await;
    eventually("both have ended", async || look(next).await.state.is_final()).await;
    assert_eq!(look(hold).await.state, RunState::Cancelled);
    let next = look(next).await;
    assert_eq!(next.state, RunState::Succeeded, "{next:#?}");
    frozen.signal(Signal::SIGCONT);
    frozen.signal(Signal::SIGKILL);
    living.signal(Signal::SIGTERM);
    living.end().await.ends(0);
    drop(frozen);
    store.close();
    folder.close().await;
}

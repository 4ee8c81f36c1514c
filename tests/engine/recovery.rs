//! A daemon that dies, is stopped, or finds that it was given up.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;
use windlass::domain::state::RunState;
use windlass::store::{NewRun, Store, StoreError};
use windlass::telemetry::Metrics;

use crate::cli::folder::Folder;
use crate::support::eventually;

use super::world::{WAIT, World, job, running, states};

#[tokio::test(flavor = "multi_thread")]
async fn a_daemons_death_costs_one_attempt_of_one_step() {
    let world = World::new().await;
    world.database.execute("create table go as select 1; create table done (step text)").await;
    let first = world.daemon().await;
    let id = world.start(&job("long", &["insert into done values ('first')", WAIT])).await;
    world.until(id, |run| running(run) && !run.steps[1].attempts.is_empty()).await;

    // Dropped without a word, as by a kill: its row stays, its lease stays.
    let dead = first.id();
    drop(first);
    let second = world.daemon().await;
    assert_eq!(world.store.take_over(dead, true).await.unwrap(), Some(1));
    assert_eq!(world.store.take_over(dead, true).await.unwrap(), None, "only one takes over");
    world.until(id, |run| running(run) && run.steps[1].attempts.len() == 2).await;
    world.database.execute("delete from go").await;
    let run = world.ended(id).await;
    assert_eq!((run.state, states(&run, 0)), (RunState::Succeeded, vec!["succeeded"]));
    assert_eq!(states(&run, 1), ["lost", "succeeded"]);
    assert_eq!(world.database.value("select count(*) from done").await, "1");
    world.end(vec![second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_given_up_can_write_nothing_and_stops_its_work() {
    let world = World::new().await;
    world.database.execute("create table go as select 1; create table done (step text)").await;
    let first = world.daemon().await;
    let id = world.start(&job("long", &[&format!("{WAIT}; insert into done values ('x')")])).await;
    world.until(id, running).await;
    assert_eq!(world.store.take_over(first.id(), true).await.unwrap(), Some(1));
    // Its own heartbeat tells it, within a few seconds; the statement that it was running is ended on the server.
    first.given_up().await;
    first.stop(CancellationToken::new()).await;
    let waiting = "select count(*) from pg_stat_activity where application_name like 'windlass/%'";
    world.until_value(waiting, "0").await;

    world.database.execute("delete from go").await;
    let second = world.daemon().await;
    assert_eq!(world.ended(id).await.state, RunState::Succeeded);
    assert_eq!(world.database.value("select count(*) from done").await, "1");
    world.end(vec![second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_gives_the_run_back_without_spending_an_attempt() {
    let world = World::new().await;
    world.database.execute("create table go as select 1").await;
    let first = world.daemon().await;
    let id = world.start(&job("long", &[WAIT])).await;
    world.until(id, running).await;
    first.stop(CancellationToken::new()).await;
    let run = world.run(id).await;
    assert_eq!((run.state, states(&run, 0)), (RunState::Queued, vec!["cancelled"]), "{run:#?}");

    world.database.execute("delete from go").await;
    let second = world.daemon().await;
    let run = world.ended(id).await;
    assert_eq!((run.state, states(&run, 0)), (RunState::Succeeded, vec!["cancelled", "succeeded"]));
    world.end(vec![second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_frozen_in_the_middle_of_a_transaction_is_taken_over_all_the_same() {
    let folder = Folder::new().await;
    folder.write(
        "jobs/held.yaml",
        "job: held\nlocks: [one]\nsteps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n",
    );
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    // Its claim comes as far as the guard of the lock's queue, and stands still there with its daemon's row in its hands.
    folder.database.execute("begin; select pg_advisory_xact_lock(hashtextextended('one', 1))").await;
    folder.call(&["trigger", "held"]).ends(0);
    let of_daemon = "from pg_stat_activity where datname = current_database() and application_name = 'windlass state'";
    let blocked = format!("select count(*) > 0 {of_daemon} and wait_event = 'advisory'");
    eventually("the claim waits", async || folder.database.value(&blocked).await == "true").await;
    daemon.signal(Signal::SIGSTOP);
    folder.database.execute("commit").await;
    let idle = format!("select count(*) > 0 {of_daemon} and state = 'idle in transaction'");
    eventually("its transaction stands open", async || folder.database.value(&idle).await == "true").await;

    let id = store.daemons().await.unwrap()[0].id;
    let taken = async || matches!(store.take_over(id, true).await, Ok(Some(_)));
    eventually("it is given up", taken).await;
    daemon.signal(Signal::SIGCONT);
    drop(daemon);
    store.close();
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_drain_a_run_ends_by_itself() {
    let world = World::new().await;
    let first = world.daemon_with(|settings| settings.drain = Duration::from_secs(30)).await;
    let id = world.start(&job("short", &["select pg_sleep(0.5)", "select 2"])).await;
    world.until(id, running).await;
    first.stop(CancellationToken::new()).await;
    assert_eq!(world.run(id).await.state, RunState::Succeeded);
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_daemon_shows_when_a_job_last_succeeded_and_forgets_one_that_is_gone() {
    let world = World::new().await;
    let first = world.daemon().await;
    let id = world.start(&job("done", &["select 1"])).await;
    world.ended(id).await;
    first.stop(CancellationToken::new()).await;

    let metrics = Metrics::new("test");
    let shown = || metrics.render().unwrap().contains("windlass_job_last_success_timestamp_seconds{job=\"done\"}");
    let second = world.daemon_counting(metrics.clone(), |_| {}).await;
    eventually("the last success is shown", async || shown()).await;
    world.store.save_jobs(&[]).await.unwrap();
    second.jobs_changed();
    eventually("the job is forgotten", async || !shown()).await;
    world.end(vec![second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_claim_was_never_answered_goes_back_to_the_queue_and_runs() {
    let world = World::new().await;
    world.database.execute("create table done (step text)").await;
    let daemon = world.daemon().await;
    // Meant for another, so that it isn't claimed in the ordinary way first.
    let other = world.daemon_on_paper().await;
    let hash = world.save(&job("asked", &["insert into done values ('once')"])).await;
    let run = NewRun { private_to: Some(other), ..NewRun::manual("asked", hash, BTreeMap::new()) };
    let id = world.store.create_run(&run).await.unwrap();
    let take = format!(
        "with taken as (update windlass.run set state = 'running', owner = '{me}', private_to = null, started_at = now() \
         where id = '{id}' returning id) insert into windlass.attempt (run, step, number, round, state, daemon) \
         select id, 0, 1, 1, 'running', '{me}' from taken",
        me = daemon.id(),
    );
    world.database.execute(&take).await;
    world.store.leave(other).await.unwrap();
    let run = world.ended(id).await;
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(world.database.value("select count(*) from done").await, "1");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_binary_refuses_a_newer_schema_and_migrating_twice_changes_nothing() {
    let world = World::new().await;
    world.store.migrate().await.unwrap();
    let newer = "insert into windlass.migration (version, name, applied_on, checksum) \
                 values (9999, 'from_the_future', '2099-01-01T00:00:00Z', '1')";
    world.database.execute(newer).await;
    let refused = Store::new(world.database.server(), Metrics::new("test")).unwrap().migrate().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Newer(what) if what.contains("from_the_future")), "{refused:?}");
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_database_that_is_away_is_waited_for() {
    let world = World::new().await;
    world.database.execute("create table go as select 1; create table done (step text)").await;
    let daemon = world.daemon().await;
    let id = world.start(&job("long", &["insert into done values ('first')", WAIT, "select 1"])).await;
    world.until(id, |run| !run.steps[1].attempts.is_empty()).await;
    // Cuts every connection to the state, pooled ones and the listener, while the step goes on working.
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
               where application_name in ('windlass state', 'windlass listener') and datname = current_database()";
    for _ in 0..3 {
        world.database.value(cut).await;
    }
    world.database.execute("delete from go").await;
    let run = world.ended(id).await;
    assert_eq!((run.state, states(&run, 1)), (RunState::Succeeded, vec!["succeeded"]));
    world.end(vec![daemon]).await;
}

//! A daemon with a long queue is told to stop.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use windlass::store::{NewRun, Store};
use windlass::telemetry::Metrics;

use super::world::{WAIT, write_settings};
use crate::cli::folder::Folder;
use crate::support::eventually;

/// Runs in the queue.
const QUEUED: usize = 300;

/// A folder with the job and so many runs of it in the queue, and a daemon that has four at once.
async fn queue(statement: &str) -> (Folder, Store) {
    let folder = Folder::new().await;
    folder.database.execute("create table done (run text); create table gate as select 1").await;
    write_settings(&folder, folder.database.url(), "max_runs: 4, drain: 0s");
    folder.sql_job("one", statement);
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
    // A daemon knows the job before there are runs of it.
    let first = folder.start(&["serve"]);
    first.says("ready").await;
    first.signal(Signal::SIGTERM);
    first.end().await.ends(0);
    let job = store.job("one").await.unwrap().unwrap();
    for _ in 0..QUEUED {
        store.create_run(&NewRun::manual("one", job.hash.clone(), BTreeMap::new())).await.unwrap();
    }
    (folder, store)
}

/// Lets another daemon do the rest: each run's row must be there once.
async fn finish(folder: Folder, store: Store) {
    let rest = folder.start_as("rest.log", &["serve"]);
    let open = "select count(*) from windlass.run where state <> 'succeeded'";
    eventually("all runs have succeeded", async || folder.database.value(open).await == "0").await;
    assert_eq!(folder.database.value("select count(*) from done").await, QUEUED.to_string());
    assert_eq!(folder.database.value("select count(distinct run) from done").await, QUEUED.to_string());
    rest.signal(Signal::SIGTERM);
    rest.end().await.ends(0);
    store.close();
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_a_long_queue_gives_back_what_runs_and_takes_nothing_more() {
    let (folder, store) = queue(&format!("{WAIT}; insert into done values ({{{{ run.id }}}})")).await;
    let daemon = folder.start_as("daemon.log", &["serve"]);
    let running = "select count(*) from windlass.attempt where state = 'running'";
    eventually("four runs are at work", async || folder.database.value(running).await == "4").await;
    daemon.signal(Signal::SIGTERM);
    let said = daemon.end().await.ends(0).stderr;
    let (_, after) = said.split_once("stopping; a second signal hurries").unwrap();
    assert!(!after.contains("run claimed"), "{after}");
    let states = "select string_agg(distinct state, ' ') from windlass.run";
    assert_eq!(folder.database.value(states).await, "queued", "all were given back");
    let spent = "select string_agg(state || ' ' || (failure ->> 'code'), ', ') from windlass.attempt";
    let drained = ["cancelled WL0908"; 4].join(", ");
    assert_eq!(folder.database.value(spent).await, drained, "no other was begun, and none of these counts");
    folder.database.execute("delete from gate").await;
    finish(folder, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_stopped_while_it_claims_all_the_time_leaves_no_run_half_done() {
    let (folder, store) = queue("insert into done values ({{ run.id }})").await;
    let daemon = folder.start_as("daemon.log", &["serve"]);
    let some = "select count(*) >= 20 from done";
    eventually("it is in the middle of the queue", async || folder.database.value(some).await == "true").await;
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);
    let half = "select count(*) from windlass.run where state not in ('queued', 'succeeded') or owner is not null and ended_at is null";
    assert_eq!(folder.database.value(half).await, "0", "a run is left in the hands of a daemon that is gone");
    let open = "select count(*) from windlass.attempt where state not in ('succeeded', 'cancelled')";
    assert_eq!(folder.database.value(open).await, "0", "an attempt is left, or was spent");
    assert_ne!(folder.database.value("select count(*) from windlass.run where state = 'queued'").await, "0");
    finish(folder, store).await;
}

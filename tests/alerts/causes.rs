//! What is told, and when it is recorded.

use nix::sys::signal::Signal;

use super::world::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_attempt_and_a_wait_for_a_lock_are_told_by_the_settings_notify() {
    let world = World::listening().await;
    let settings = std::fs::read_to_string(world.folder.path("windlass.yaml")).unwrap();
    let notify = world.notify("on: [failed, attempt_lost, lock_waited], lock_wait: 1s");
    world.folder.write("windlass.yaml", &format!("{settings}{notify}\n"));
    world.folder.database.execute("create table go (n int); insert into go values (1)").await;
    let wait = "do $$ begin while exists (select from go) loop perform pg_sleep(0.02); end loop; end $$";
    world.job("first", "locks: [one]", wait);
    world.job("second", "locks: [one]", "select 1");
    world.job("quiet", "notify: {on: []}", "select 1 / 0");
    let serve = world.serve("first.log").await;
    let running = "select count(*) from windlass.attempt where state = 'running'";
    world.trigger("first");
    eventually("it runs", async || world.folder.database.value(running).await == "1").await;
    world.trigger("second");
    let told = world.hears("second waits for one since", 1).await;
    assert!(told[0].contains("it waits for lock one") && told[0].contains("windlass locks"), "{told:?}");
    serve.signal(Signal::SIGKILL);
    serve.end().await;
    let serve = world.serve("second.log").await;
    world.hears("first: attempt 1 of stage was lost", 1).await;
    world.folder.database.execute("delete from go").await;
    let id = world.trigger("quiet");
    let ended = format!("select state from windlass.run where id = '{id}'");
    eventually("all has ended", async || world.folder.database.value(&ended).await == "failed").await;
    world.until_recorded("lock_waited delivered, attempt_lost delivered").await;
    drop(serve);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_even_start_is_told() {
    let world = World::listening().await;
    world.job(
        "nightly",
        &format!(
            "params: {{a: {{default: x}}}}\nlocks: [\"{{{{ params.a | date }}}}\"]\n{}",
            world.notify("on: [failed]")
        ),
        "select 1",
    );
    let serve = world.serve("stderr.log").await;
    world.trigger("nightly");
    let told = world.hears("nightly failed", 1).await;
    assert!(told[0].contains("WL0103") && told[0].contains("nothing was started"), "{told:?}");
    drop(serve);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_replica_is_told_once_however_often_it_is_looked_at() {
    let world = World::listening().await;
    world.folder.database.execute("create table t as select 1 as n").await;
    let notify = world.notify("on: [replica_old]");
    world.folder.write(
        "jobs/publish.yaml",
        &format!(
            "job: publish\n{notify}\nsteps: [{{id: a, publish_replica: {{from: {{connection: pg, tables: [t]}}, \
             to: r.db, max_age: 1s}}}}]\n"
        ),
    );
    world.folder.call(&["run", "publish"]).ends(0);
    eventually("it is old", async || world.folder.call(&["replica", "status", "publish"]).code == Some(1)).await;
    let serving = [world.serve("first.log").await, world.serve("second.log").await];
    let told = world.hears("is older than 1s", 1).await;
    assert!(told[0].contains("r.db of publish") && told[0].contains("windlass replica status"), "{told:?}");
    world.until_recorded("replica_old delivered").await;
    drop(serving);
    world.folder.close().await;
}

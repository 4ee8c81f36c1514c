//! A real Prometheus calls, while jobs fail, wait and recover, and daemons and the state database come and go; and it
//! stops to call.

use nix::sys::signal::Signal;

use super::world::World;

fn firing(alert: &str, more: &str) -> String {
    format!("ALERTS{{alertstate=\"firing\", alertname=\"{alert}\"{more}}}")
}

/// The same within the last minutes: what is told for a while only may be over before it is asked for.
fn has_fired(firing: &str) -> String {
    format!("count_over_time({firing}[5m])")
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_fire_and_resolve_while_a_daemon_is_at_work() {
    let Some(world) = World::new().await else { return };
    let serve = world.serve("one.log").await;
    world.run("flaky", "succeeded").await;
    world.sees("windlass_firings_total{job=\"tick\"}").await;
    // The replica was never published, and nothing else is wrong.
    let old = firing("WindlassReplicaOld", "");
    world.sees(&old).await;
    world.sees_no("ALERTS{alertname!=\"WindlassReplicaOld\"}").await;
    world.run("replica", "succeeded").await;

    // A job fails, and is mended; who should hear of it doesn't listen, and then does.
    let failed = firing("WindlassJobFailed", ", job=\"flaky\", severity=\"critical\"");
    let undelivered = firing("WindlassAlertsUndelivered", "");
    world.folder.database.execute("alter table thing rename to other").await;
    world.run("flaky", "failed").await;
    world.sees(&failed).await;
    world.sees(&undelivered).await;
    world.hears_alerts(true).await;
    world.folder.database.execute("alter table other rename to thing").await;
    world.run("flaky", "succeeded").await;
    world.sees_no(&failed).await;

    // A step gets by with its minimum of workers; that is told for a while.
    let below = firing("WindlassWorkersBelowTarget", ", job=\"totals\", step=\"a\"");
    world.run("totals", "succeeded").await;
    world.sees(&has_fired(&below)).await;

    // A lock is waited for, and a job that is due every second doesn't come to its end.
    let unsuccessful = firing("WindlassNoSuccess", ", job=\"steady\"");
    let waited = firing("WindlassLockWaitedLong", ", lock_class=\"gate\"");
    world.folder.database.execute("insert into gate values (1)").await;
    let holder = world.trigger("holder");
    world.comes_to(&holder, "running").await;
    let waiter = world.trigger("waiter");
    world.sees(&waited).await;
    world.sees(&unsuccessful).await;
    world.folder.database.execute("delete from gate").await;
    world.comes_to(&waiter, "succeeded").await;
    world.sees_no(&waited).await;

    // The state database hangs; due times meanwhile are noticed late.
    let (state, late) = (firing("WindlassStateDown", ""), firing("WindlassFireLag", ""));
    world.server.freeze();
    world.sees(&state).await;
    world.server.thaw();
    world.sees_no(&state).await;
    world.sees(&has_fired(&late)).await;

    // The daemon dies in the middle of a step; due times and a deadline pass that nobody notices; another one takes over.
    let (down, lost) = (firing("WindlassDown", ""), firing("WindlassAttemptsLost", ""));
    let missed = firing("WindlassFiringsMissed", ", job=\"tick\"");
    let deadline = firing("WindlassDeadlineMissed", "");
    world.folder.database.execute("insert into gate values (1)").await;
    let holder = world.trigger("holder");
    world.comes_to(&holder, "running").await;
    serve.signal(Signal::SIGKILL);
    world.sees(&down).await;
    world.lets_a_deadline_pass().await;
    let serve = world.serve("two.log").await;
    world.sees(&has_fired(&lost)).await;
    world.sees(&has_fired(&missed)).await;
    world.sees(&has_fired(&deadline)).await;
    world.sees_no(&down).await;
    world.folder.database.execute("delete from gate").await;
    world.comes_to(&holder, "succeeded").await;
    for over in [&undelivered, &lost, &missed, &deadline, &late, &unsuccessful, &below, &old] {
        world.sees_no(over).await;
    }

    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    world.close().await;
}

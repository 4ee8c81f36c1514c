//! Runs that wait for each other: over locks with several holders, over a queue, for the end of a run that was triggered.

use windlass::domain::code::Code;
use windlass::domain::job::Job;
use windlass::domain::run::Run;
use windlass::domain::state::RunState;
use windlass::domain::step::{StepKind, TriggerStep};
use windlass::store::Capacities;

use super::world::{WAIT, World, job, running};

/// A job that holds a lock, waits for `go`, and then wants another one.
fn crossed(name: &str, whole: &str, then: &str) -> Job {
    let mut job = job(name, &[WAIT, "select 1"]);
    job.locks.push(whole.into());
    job.steps[1].locks.push(then.into());
    job
}

async fn world() -> World {
    let world = World::new().await;
    world.database.execute("create table go as select 1").await;
    world
}

fn assert_told(run: &Run) {
    let failure = run.cause().unwrap();
    assert_eq!(failure.code, Code::LockCircle);
    assert!(failure.message.contains("never end"), "{failure}");
}

/// Starts jobs that hold what others want; exactly one of them is refused, and told why.
async fn one_gives_way(jobs: &[Job]) {
    let world = world().await;
    let two = |settings: &mut windlass::engine::EngineSettings| {
        settings.capacities = Capacities([("pair".to_owned(), 2)].into());
    };
    let daemons = vec![world.daemon_with(two).await, world.daemon_with(two).await];
    let mut made = Vec::new();
    for job in jobs {
        made.push(world.start(job).await);
    }
    for id in &made {
        world.until(*id, running).await;
    }
    world.database.execute("delete from go").await;
    let mut ended = Vec::new();
    for id in &made {
        ended.push(world.ended(*id).await);
    }
    let refused: Vec<&Run> = ended.iter().filter(|run| run.state == RunState::Failed).collect();
    assert_eq!(refused.len(), 1, "{ended:#?}");
    assert_told(refused[0]);
    world.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_that_wait_for_each_other_one_gives_way_and_the_others_go_on() {
    one_gives_way(&[crossed("one", "a", "b"), crossed("other", "b", "c"), crossed("third", "c", "a")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_over_a_lock_with_several_holders_is_found() {
    one_gives_way(&[crossed("one", "a", "pair/x"), crossed("left", "pair/x", "a"), crossed("right", "pair/x", "a")])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_it_over_a_detour_does_not_block_a_runs_next_step() {
    let world = world().await;
    let daemon = world.daemon().await;
    let first = world.start(&crossed("first", "a", "b")).await;
    let second = world.start(&crossed("second", "c", "a")).await;
    for id in [first, second] {
        world.until(id, running).await;
    }
    // Stands first in the queue for `b`, and waits for `c`: that is, for the second run, which waits for the first.
    let mut waiter = job("waiter", &["select 1"]);
    waiter.locks = vec!["b".into(), "c".into()];
    let waiter = world.start(&waiter).await;
    world.until(waiter, |run| run.state == RunState::Waiting).await;
    world.database.execute("delete from go").await;
    for id in [first, second, waiter] {
        assert_eq!(world.ended(id).await.state, RunState::Succeeded);
    }
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_anothers_end_takes_no_room_from_it() {
    let world = World::new().await;
    world.save(&job("last", &["select 1"])).await;
    let waiting = |name: &str, of: &str| {
        let mut job = job(name, &["select 1"]);
        job.steps[0].kind = StepKind::Trigger(TriggerStep { job: of.into(), params: Vec::new(), wait: true });
        job
    };
    world.save(&waiting("second", "last")).await;
    let first = world.start(&waiting("first", "second")).await;
    let daemon = world.daemon_with(|settings| settings.max_runs = 1).await;
    assert_eq!(world.ended(first).await.state, RunState::Succeeded);
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_wants_a_lock_of_the_one_that_waits_for_its_end_is_told_so() {
    let world = World::new().await;
    let mut child = job("child", &["select 1"]);
    child.locks.push("one".into());
    world.save(&child).await;
    let mut parent = job("parent", &["select 1"]);
    parent.locks.push("one".into());
    parent.steps[0].kind = StepKind::Trigger(TriggerStep { job: "child".into(), params: Vec::new(), wait: true });
    let parent = world.start(&parent).await;
    let daemon = world.daemon().await;
    let ended = world.ended(parent).await;
    assert_eq!((ended.state, ended.cause().unwrap().code), (RunState::Failed, Code::TriggeredRun));
    let child = world.database.value("select id from windlass.run where job = 'child'").await.parse().unwrap();
    let child = world.ended(child).await;
    assert_eq!(child.state, RunState::Failed);
    assert_told(&child);
    world.end(vec![daemon]).await;
}

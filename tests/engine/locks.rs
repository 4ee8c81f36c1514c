//! Locks and overlap: one at a time, first come, first served, on every path.

use windlass::domain::ids::RunId;
use windlass::domain::job::{Job, Overlap};
use windlass::domain::state::RunState;
use windlass::store::Capacities;

use super::world::{WAIT, World, job, running, step};

/// A job that must be alone: it fails if its advisory lock is taken.
fn alone(name: &str) -> Job {
    let check = "do $$ begin \
        if not pg_try_advisory_xact_lock(1) then raise exception 'two at once'; end if; \
        perform pg_sleep(0.05); end $$; insert into log (run) values ({{ run.id }})";
    job(name, &[check])
}

async fn world() -> World {
    let world = World::new().await;
    world.database.execute("create table log (at bigserial, run text)").await;
    world
}

/// Runs in the order in which they did their work.
async fn order(world: &World) -> Vec<RunId> {
    let rows = world.database.admin().query("select run from log order by at", &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0).parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_one_lock_are_alone_and_in_order_whoever_runs_them() {
    let world = world().await;
    let mut made = Vec::new();
    for number in 0..12 {
        let mut job = alone(&format!("job-{number}"));
        // The lock of a job and the lock of a step are the same lock.
        let of = if number % 3 == 0 { &mut job.steps[0].locks } else { &mut job.locks };
        of.push("naver-api/{{ run.job[:3] }}".into());
        made.push(world.start(&job).await);
    }
    let daemons = vec![world.daemon().await, world.daemon().await];
    for id in &made {
        let run = world.ended(*id).await;
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        assert_eq!(run.locks.len(), 1);
        assert_eq!(run.locks[0].name, "naver-api/job");
    }
    assert_eq!(order(&world).await.len(), made.len());
    let mut tokens = Vec::new();
    for id in &order(&world).await {
        tokens.push(world.run(*id).await.locks[0].token);
    }
    assert!(tokens.is_sorted(), "a fencing token must grow with each grant: {tokens:?}");
    world.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiters_of_a_job_lock_are_served_in_the_order_they_came() {
    let world = world().await;
    let mut made = Vec::new();
    for number in 0..6 {
        let mut job = alone(&format!("job-{number}"));
        job.locks.push("one".into());
        made.push(world.start(&job).await);
    }
    let daemon = world.daemon().await;
    for id in &made {
        world.ended(*id).await;
    }
    assert_eq!(order(&world).await, made);
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_run_says_for_what_and_behind_whom_and_leaves_the_queue_when_cancelled() {
    let world = world().await;
    world.database.execute("create table go as select 1").await;
    let daemon = world.daemon().await;
    let mut first = job("first", &[WAIT]);
    first.locks.push("one".into());
    let mut second = job("second", &["select 1"]);
    second.locks.push("one".into());
    let holder = world.start(&first).await;
    world.until(holder, running).await;
    let waiter = world.start(&second).await;
    let waiting = world.until(waiter, |run| run.state == RunState::Waiting).await;
    assert_eq!(waiting.waiting_for.unwrap(), format!("lock one, behind run {holder} of first"));
    let locks = world.store.locks().await.unwrap();
    assert_eq!(locks.iter().map(|lock| lock.state.as_str()).collect::<Vec<_>>(), ["held", "waiting"]);
    assert_eq!(world.store.cancel_run(waiter).await.unwrap(), RunState::Cancelled);
    assert_eq!(world.store.locks().await.unwrap().len(), 1);
    world.database.execute("delete from go").await;
    world.ended(holder).await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_is_by_class_and_never_exceeded() {
    let world = world().await;
    let mut made = Vec::new();
    for number in 0..8 {
        let mut job = job(&format!("job-{number}"), &["select pg_sleep(0.05)"]);
        job.locks.push("api/x".into());
        made.push(world.start(&job).await);
    }
    let two = |settings: &mut windlass::engine::EngineSettings| {
        settings.capacities = Capacities([("api".to_owned(), 2)].into());
    };
    let daemons = vec![world.daemon_with(two).await, world.daemon_with(two).await];
    for id in &made {
        assert_eq!(world.ended(*id).await.state, RunState::Succeeded);
    }
    let most = "select max(held) from (select (select count(*) from windlass.lock_grant as other \
        where other.granted_at <= mine.granted_at and other.released_at > mine.granted_at) as held \
        from windlass.lock_grant as mine) as at_once";
    assert_eq!(world.database.value(most).await, "2");
    world.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_run_waits_for_the_one_before_or_replaces_it_and_others_run_beside() {
    let world = world().await;
    world.database.execute("create table go as select 1").await;
    let daemon = world.daemon().await;
    let queue = job("queue", &[WAIT]);
    let first = world.start_scheduled(&queue).await;
    world.until(first, running).await;
    let second = world.start_scheduled(&queue).await;
    let waiting = world.until(second, |run| run.state == RunState::Waiting).await;
    assert_eq!(waiting.waiting_for.unwrap(), format!("run {first} of the same job"));
    let by_hand = world.start(&queue).await;
    world.until(by_hand, running).await;

    let replace = Job { overlap: Overlap::Cancel, steps: vec![step("s0", WAIT)], ..job("replace", &[]) };
    let third = world.start_scheduled(&replace).await;
    world.until(third, running).await;
    let fourth = world.start_scheduled(&replace).await;
    assert_eq!(world.ended(third).await.state, RunState::Cancelled);
    world.until(fourth, running).await;

    world.database.execute("delete from go").await;
    for id in [first, second, by_hand, fourth] {
        assert_eq!(world.ended(id).await.state, RunState::Succeeded);
    }
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_for_what_a_run_holds_does_not_block_its_next_step() {
    let world = world().await;
    world.database.execute("create table go as select 1").await;
    let daemon = world.daemon().await;
    let mut first = job("first", &[WAIT, "select 1"]);
    first.locks.push("a".into());
    first.steps[1].locks.push("b".into());
    let mut second = job("second", &["select 1"]);
    second.locks = vec!["a".into(), "b".into()];
    let holder = world.start(&first).await;
    world.until(holder, running).await;
    // Waits for `a` and stands first in the queue for `b`.
    let waiter = world.start(&second).await;
    world.until(waiter, |run| run.state == RunState::Waiting).await;
    world.database.execute("delete from go").await;
    for id in [holder, waiter] {
        assert_eq!(world.ended(id).await.state, RunState::Succeeded);
    }
    world.end(vec![daemon]).await;
}

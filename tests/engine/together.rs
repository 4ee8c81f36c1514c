//! Runs that have something to record at the same time share a commit, and each is answered for itself.

use futures_util::future::join_all;
use windlass::domain::state::{AttemptState, RunState};
use windlass::store::{Capacities, StoreError, Waiters, Wake, Write};

use super::world::{World, job};

/// The facts that end a run of one step, for which these may be waiting.
fn over(waiters: Waiters) -> Vec<Write> {
    let end = Write::End { step: 0, number: 1, state: AttemptState::Succeeded, outcome: None, failure: None };
    vec![end, Write::EndRun { state: RunState::Succeeded, failure: None, waiters }]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_run_is_told_and_the_others_are_recorded() {
    let world = World::new().await;
    let (me, other) = (world.daemon_on_paper().await, world.daemon_on_paper().await);
    let mut runs = Vec::new();
    for _ in 0..40 {
        world.start(&job("short", &["select 1"])).await;
        runs.push(world.claim(me, &Capacities::default()).await.unwrap().unwrap().id);
    }
    let lost = runs[7];
    let give = format!("update windlass.run set owner = '{}' where id = '{lost}'", other.0);
    world.database.execute(&give).await;
    let facts = over(Waiters::Nobody);
    let answers = join_all(runs.iter().map(|run| world.store.record(me, *run, &facts))).await;
    for (run, answer) in runs.iter().zip(answers) {
        match answer {
            Err(StoreError::NotOwner { .. }) => assert_eq!(*run, lost),
            answer => assert!(answer.is_ok() && *run != lost, "{answer:?}"),
        }
    }
    let ended = "select count(*) from windlass.run join windlass.attempt on attempt.run = run.id \
                 where run.state = 'succeeded' and attempt.state = 'succeeded' and run.ended_at = attempt.ended_at";
    assert_eq!(world.database.value(ended).await, "39");
    let commits = "select count(distinct ended_at) < 39 from windlass.run where state = 'succeeded'";
    assert_eq!(world.database.value(commits).await, "true", "some of them shared a commit");
    // An answer may get lost: the same facts again change nothing.
    let again = join_all(runs.iter().filter(|run| **run != lost).map(|run| world.store.record(me, *run, &facts))).await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
    world.end_with_daemons_on_paper().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_of_one_run_is_not_held_against_the_others() {
    let world = World::new().await;
    let me = world.daemon_on_paper().await;
    let mut runs = Vec::new();
    for _ in 0..12 {
        world.start(&job("short", &["select 1"])).await;
        runs.push(world.claim(me, &Capacities::default()).await.unwrap().unwrap().id);
    }
    // A second running attempt of a run breaks a rule of the schema.
    let (fine, bad) = (over(Waiters::Nobody), vec![Write::Start { step: 0, number: 2 }]);
    let facts = |index: usize| if index == 5 { &bad } else { &fine };
    let answers =
        join_all(runs.iter().enumerate().map(|(index, run)| world.store.record(me, *run, facts(index)))).await;
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), index != 5, "{index}: {answer:?}");
    }
    world.end_with_daemons_on_paper().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_share_a_commit_also_where_each_calls_the_next_run_of_its_job() {
    let world = World::new().await;
    let me = world.daemon_on_paper().await;
    let mut runs = Vec::new();
    for number in 0..40 {
        let job = job(&format!("job{number}"), &["select 1"]);
        world.start_scheduled(&job).await;
        runs.push(world.claim(me, &Capacities::default()).await.unwrap().unwrap().id);
        // Its next two find it at work.
        world.start_scheduled(&job).await;
        world.start_scheduled(&job).await;
        assert!(world.claim(me, &Capacities::default()).await.unwrap().is_none());
    }
    let facts = over(Waiters::OfItsJob);
    let mut hints = world.store.listen().await.unwrap();
    let answers = join_all(runs.iter().map(|run| world.store.record(me, *run, &facts))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let commits = "select count(distinct ended_at) < 40 from windlass.run where state = 'succeeded'";
    assert_eq!(world.database.value(commits).await, "true", "some of them shared a commit");
    let called = "select count(*) = 40 and count(distinct job) = 40 from windlass.run where state = 'queued'";
    assert_eq!(world.database.value(called).await, "true", "one of each job is called");
    let mut ended = 0;
    let mut work = 0;
    while ended < 40 {
        match hints.next().await.unwrap() {
            Wake::Ended(_) => ended += 1,
            Wake::Work => work += 1,
            _ => {}
        }
    }
    assert!(work > 0, "daemons with room are told of those that were called");
    world.end_with_daemons_on_paper().await;
}

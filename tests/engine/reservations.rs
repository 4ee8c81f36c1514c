//! Turns that steps reserve: one at a time, in order, and gone with the attempt or its daemon.

use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::state::AttemptState;
use windlass::store::{Capacities, StepLocks, StoreError, Write};

use super::world::{World, job};

const NAME: &str = "worker-slots/1";

/// A daemon that only the state database knows, with a run of its own whose first step is running.
async fn daemon(world: &World, job_name: &str) -> (DaemonId, RunId) {
    let id = world.daemon_on_paper().await;
    let run = world.start(&job(job_name, &["select 1"])).await;
    let claimed = world.claim(id, &Capacities::default()).await.unwrap().unwrap();
    assert_eq!(claimed.id, run);
    world.store.record(id, run, &[Write::Start { step: 0, number: 1 }]).await.unwrap();
    (id, run)
}

async fn held(world: &World, daemon: DaemonId, run: RunId) -> bool {
    match world.store.reserve(daemon, run, 0, NAME).await.unwrap() {
        StepLocks::Held(locks) => locks.len() == 1,
        StepLocks::Waiting(who) => {
            assert!(who.starts_with(&format!("lock {NAME}, behind run ")), "{who}");
            false
        }
        StepLocks::Never(failure) => panic!("{failure}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_had_by_one_step_and_then_by_the_next_in_order() {
    let world = World::new().await;
    let (one, first) = daemon(&world, "one").await;
    let (two, second) = daemon(&world, "two").await;
    let (three, third) = daemon(&world, "three").await;
    assert!(held(&world, one, first).await);
    assert!(held(&world, one, first).await, "who has it has it");
    assert!(!held(&world, two, second).await);
    assert!(!held(&world, three, third).await);
    let shown = world.store.locks().await.unwrap();
    let shown: Vec<_> = shown.iter().map(|lock| (lock.state.as_str(), lock.job.as_str())).collect();
    assert_eq!(shown, [("held", "one"), ("waiting", "two"), ("waiting", "three")]);

    world.store.give_back(first, 0, NAME).await.unwrap();
    assert!(!held(&world, three, third).await, "the second came first");
    assert!(held(&world, two, second).await);
    // The end of the attempt gives back what the step forgot.
    let ended = Write::End { step: 0, number: 1, state: AttemptState::Succeeded, outcome: None, failure: None };
    world.store.record(two, second, &[ended]).await.unwrap();
    assert!(held(&world, three, third).await);
    assert!(world.run(second).await.locks.is_empty(), "a turn is not shown as a lock of the run");
    world.store.leave(one).await.unwrap();
    world.store.leave(two).await.unwrap();
    world.store.leave(three).await.unwrap();
    world.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_daemons_turns_and_places_in_the_queue_are_gone() {
    let world = World::new().await;
    let (one, first) = daemon(&world, "one").await;
    let (two, second) = daemon(&world, "two").await;
    let (three, third) = daemon(&world, "three").await;
    assert!(held(&world, one, first).await);
    assert!(!held(&world, two, second).await);
    assert!(!held(&world, three, third).await);
    for dead in [one, two] {
        assert_eq!(world.store.take_over(dead, true).await.unwrap(), Some(1));
    }
    assert!(held(&world, three, third).await);
    let late = world.store.reserve(one, first, 0, NAME).await.unwrap_err();
    assert!(matches!(late, StoreError::NotOwner { .. }), "{late:?}");
    world.store.leave(three).await.unwrap();
    world.database.close().await;
}

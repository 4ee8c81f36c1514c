//! What a step came to the last time, as a step that compares is told.

use std::collections::BTreeMap;

use windlass::domain::ids::RunId;
use windlass::store::NewRun;

use super::world::{World, job};

#[tokio::test(flavor = "multi_thread")]
async fn a_steps_last_success_in_another_run_is_found_wherever_it_stood() {
    let world = World::new().await;
    let daemon = world.daemon().await;
    let last = async |job: &str, step: &str, run: RunId| {
        let found = world.store.last_outcome(job, step, run).await.unwrap();
        found.and_then(|outcome| outcome.rows)
    };
    let rows = |count: u32| format!("select from generate_series(1, {count})");
    let first = world.start(&job("j", &[&rows(3), &rows(5)])).await;
    world.ended(first).await;
    assert_eq!(last("j", "s0", first).await, None, "its own run doesn't count");
    let failing = world.start(&job("j", &[&rows(4), "select 1 / 0"])).await;
    world.ended(failing).await;
    // The step has another place in the newest definition.
    let mut moved = job("j", &["select 1", "select 2"]);
    moved.steps[0].id = "before".to_owned();
    moved.steps[1].id = "s1".to_owned();
    let hash = world.save(&moved).await;
    let newest = world.store.create_run(&NewRun::manual("j", hash, BTreeMap::new())).await.unwrap();
    assert_eq!(last("j", "s1", newest).await.filter(|rows| *rows > 1), Some(5));
    assert_eq!(last("j", "s0", newest).await, Some(4), "the step succeeded, if not its run");
    assert_eq!((last("j", "none", newest).await, last("other", "s0", newest).await), (None, None));
    world.ended(newest).await;
    world.end(vec![daemon]).await;
}

//! What is old goes, part by part, and nothing else.

use std::time::Duration;

use super::world::{World, job};

/// Runs of a job that ended so long ago, each with an attempt; and one that is as old but hasn't ended.
async fn old_runs(world: &World, count: u32, ended: &str) {
    let hash = world.save(&job("old", &["select 1"])).await;
    let daemon = world.daemon_on_paper().await;
    let fill = format!(
        "with made as (
             insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, ended_at)
             select gen_random_uuid(), 'old', '{hash}', 'succeeded', 'manual', now(), at - interval '1 minute', at
             from generate_series(1, {count}) as n, lateral (select now() - interval '{ended}' + n * interval '1 ms') as moment (at)
             returning id
         )
         insert into windlass.attempt (run, step, number, round, state, daemon)
         select id, 0, 1, 1, 'succeeded', '{daemon}' from made"
    );
    world.database.execute(&fill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_go_part_by_part_with_their_attempts_and_the_others_stay() {
    let world = World::new().await;
    old_runs(&world, 250, "3 hours").await;
    let waits = world.start(&job("old", &["select 1"])).await;
    let set_back = format!("update windlass.run set created_at = now() - interval '9 hours' where id = '{waits}'");
    world.database.execute(&set_back).await;
    old_runs(&world, 10, "10 minutes").await;
    let keep = Duration::from_hours(1);
    let (mut parts, mut after) = (Vec::new(), None);
    loop {
        // Two daemons keep house at once: each takes what the other hasn't.
        let (one, two) =
            tokio::join!(world.store.remove_old_runs(keep, 60, after), world.store.remove_old_runs(keep, 60, after));
        let (one, two) = (one.unwrap(), two.unwrap());
        parts.push(one.count + two.count);
        if parts.last() == Some(&0) {
            break;
        }
        after = one.through.min(two.through).or(after);
    }
    assert_eq!(parts.iter().sum::<u64>(), 250, "{parts:?}");
    assert!(parts.len() > 2, "part by part: {parts:?}");
    assert_eq!(world.database.value("select count(*) from windlass.run").await, "11");
    assert_eq!(world.database.value("select count(*) from windlass.attempt").await, "10");
    world.end_with_daemons_on_paper().await;
}

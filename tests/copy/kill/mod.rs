//! Whoever is killed, and whenever: the staging table is whole, and the next attempt brings it up to date.
//!
//! A real daemon copies from one server to another. At random moments of the copy, either side's sessions are
//! terminated, a server process or the daemon itself is killed. Meanwhile a reader looks at the staging table without
//! a pause. A short round is always run; `WINDLASS_TEST_KILLS` is the number of kills, `WINDLASS_TEST_SEED` what all
//! chance comes from.

mod watch;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::failure::FailureClass;
use windlass::domain::state::{AttemptState, RunState};

use crate::support::flags;
use watch::Watch;
use world::World;

/// Kills of the short round.
const KILLS: u64 = 10;

/// Rows of the table.
const ROWS: i64 = 20_000;

/// The staging table.
const TABLE: &str = "\"적재\"";

/// Who is hurt.
#[derive(Clone, Copy, Debug)]
enum Side {
    Source,
    Target,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_staging_whole_and_the_next_attempt_succeeds() {
    let (kills, mut rng) = (flags::number("WINDLASS_TEST_KILLS", KILLS), StdRng::seed_from_u64(flags::seed()));
    let mut world = World::new().await;
    let watch = Arc::new(Watch::default());
    let mut reader = tokio::task::JoinSet::new();
    reader.spawn(Arc::clone(&watch).look(world.target()));
    let (mut usual, mut hits) = (Duration::from_millis(300), 0);
    for kill in 0..kills {
        let generation = i32::try_from(kill + 1).unwrap();
        watch.newest.store(generation, Ordering::SeqCst);
        world.renew(generation).await;
        let begun = Instant::now();
        let run = world.trigger().await;
        // Some kills come late, so that the last moments of a run are hit, too.
        tokio::time::sleep(usual.mul_f64(rng.random_range(0.0..1.2))).await;
        let at = begun.elapsed();
        let (who, hit) = match kill % 5 {
            0 => ("a session of the source", world.terminate(Side::Source, rng.random(), &mut rng).await),
            1 => ("a session of the target", world.terminate(Side::Target, rng.random(), &mut rng).await),
            2 => ("the daemon", world.replace_daemon().await),
            3 => ("the target's server", world.crash(Side::Target, &mut rng).await),
            _ => ("the source's server", world.crash(Side::Source, &mut rng).await),
        };
        let run = world.ended(run).await;
        hits += u64::from(hit.is_some());
        let attempts = &run.steps[0].attempts;
        flags::note(&format!("{kill}: {who} after {at:?}, {} attempts, {}", attempts.len(), hit.unwrap_or_default()));
        if attempts.len() == 1 {
            usual = (usual + begun.elapsed()) / 2;
        }
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        for attempt in attempts.iter().filter(|attempt| attempt.state == AttemptState::Failed) {
            assert_eq!(attempt.failure.as_ref().unwrap().class, FailureClass::Transient, "{attempt:#?}");
        }
        if let Some(wrong) = reader.try_join_next() {
            panic!("the reader found {}", wrong.unwrap());
        }
        assert_eq!(world.generation().await, generation);
        world.assert_nothing_left().await;
    }
    reader.abort_all();
    flags::note(&format!("{hits} of {kills} kills hit a session; {} looks", watch.looks.load(Ordering::Relaxed)));
    assert!(hits * 2 >= kills, "too few kills came while sessions were there: {hits} of {kills}");
    world.close().await;
}

//! Whoever is killed, and whenever: staging is whole, and the next attempt brings it up to date, once.
//!
//! A real daemon copies from one server to another. At random moments of the copy, either side's sessions are
//! terminated, a server process or the daemon itself is killed. Meanwhile a reader looks at staging without
//! a pause. A short round is always run; `WINDLASS_TEST_KILLS` is the number of kills, `WINDLASS_TEST_SEED` what all
//! chance comes from.

mod aim;
mod job;
mod watch;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::failure::FailureClass;
use windlass::domain::state::{AttemptState, RunState};

use crate::support::flags;
use job::Mode;
use watch::Watch;
use world::World;

/// Kills of the short round.
const KILLS: u64 = 12;

/// Rows of each table.
const ROWS: i64 = 10_000;

/// Who is hurt.
#[derive(Clone, Copy, Debug)]
enum Side {
    Source,
    Target,
}

/// What is done to whom.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Sessions of a side are terminated, one or all.
    Terminate(Side),
    /// All sessions of both sides are terminated.
    TerminateAll,
    /// A server process of a side is killed, upon which its server recovers from a crash.
    Crash(Side),
    /// The daemon is killed, and another one started.
    Daemon,
}

const HARMS: [Harm; 6] = [
    Harm::Terminate(Side::Source),
    Harm::Terminate(Side::Target),
    Harm::TerminateAll,
    Harm::Crash(Side::Source),
    Harm::Crash(Side::Target),
    Harm::Daemon,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_staging_whole_and_the_next_attempt_succeeds() {
    let (kills, mut rng) = (flags::number("WINDLASS_TEST_KILLS", KILLS), StdRng::seed_from_u64(flags::seed()));
    let mut world = World::new().await;
    let mut cases: Vec<(Mode, Harm)> = Vec::new();
    let (mut usual, mut hits) = (BTreeMap::new(), 0);
    for mode in Mode::ALL {
        let id = world.trigger(mode).await;
        let run = world.ended(id).await;
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        usual.insert(mode.job(), (run.ended_at.unwrap() - run.created_at).to_std().unwrap());
    }
    let watch = Arc::new(Watch::default());
    let mut reader = tokio::task::JoinSet::new();
    reader.spawn(Arc::clone(&watch).look(world.target()));
    for kill in 0..kills {
        if cases.is_empty() {
            cases.extend(Mode::ALL.into_iter().flat_map(|mode| HARMS.map(|harm| (mode, harm))));
            cases.shuffle(&mut rng);
        }
        let (mode, harm) = cases.pop().unwrap();
        let generation = i32::try_from(kill + 1).unwrap();
        world.thin_out().await;
        world.renew(generation).await;
        watch.turn_to(mode, generation);
        let aim = world.aim().await;
        let begun = Instant::now();
        let run = world.trigger(mode).await;
        tokio::time::sleep(usual[mode.job()].mul_f64(rng.random_range(0.0..1.0))).await;
        let at = begun.elapsed();
        let hit = world.harm(harm, &aim, &mut rng).await;
        let run = world.ended(run).await;
        hits += u64::from(!hit.is_empty());
        let attempts = &run.steps[0].attempts;
        flags::note(&format!(
            "{kill}: {mode:?}, {harm:?} after {at:?}, {} attempts, {}",
            attempts.len(),
            hit.join(", ")
        ));
        if let ([_], Some(ended)) = (attempts.as_slice(), run.ended_at) {
            let took = usual.get_mut(mode.job()).unwrap();
            *took = (*took + (ended - run.created_at).to_std().unwrap()) / 2;
        }
        assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
        for attempt in attempts.iter().filter(|attempt| attempt.state == AttemptState::Failed) {
            assert_eq!(attempt.failure.as_ref().unwrap().class, FailureClass::Transient, "{attempt:#?}");
        }
        if let Some(wrong) = reader.try_join_next() {
            panic!("the reader found {}", wrong.unwrap());
        }
        assert_eq!(world.look(mode).await, (true, generation));
        world.assert_nothing_left().await;
    }
    reader.abort_all();
    flags::note(&format!("{hits} of {kills} kills hit a session; {} looks", watch.looks()));
    assert!(hits > 0, "no kill of {kills} came while sessions were there");
    world.close().await;
}

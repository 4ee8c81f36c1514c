//! Locks under random schedules: runs of jobs with all sorts of locks are claimed, asked, ended, cancelled and given back by
//! two daemons that crash, drain and let their leases lapse, on one real state database.
//!
//! After every step no lock has more holders than it may have, nothing is held or waited for by a run that has ended, and
//! nobody was granted a lock past somebody who had come before, except past those who wait for it. In the end every run
//! has ended, so nobody starved, and nothing is left. `WINDLASS_TEST_SCHEDULES` is how many schedules.

mod model;
mod table;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::world::World;
use crate::support::flags;
use model::Model;

/// Schedules of the short round.
const SCHEDULES: u64 = 40;

/// One thing that happens. Numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A run of a job is made.
    Make(usize),
    /// A daemon claims a run.
    Claim(usize),
    /// Both daemons claim at the same time.
    ClaimBoth,
    /// One of a daemon's runs gets further: its step's locks, its end.
    Advance(usize, usize),
    /// Somebody cancels a run.
    Cancel(usize),
    /// A daemon's process is gone, and another one takes its place.
    Crash(usize),
    /// A daemon's lease lapses while it is frozen; it wakes up and asks for a lock.
    Lapse(usize),
    /// A daemon gives its runs back.
    Drain(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    let daemon = 0..2_usize;
    prop_oneof![
        6 => any::<usize>().prop_map(Happening::Make),
        6 => daemon.clone().prop_map(Happening::Claim),
        3 => Just(Happening::ClaimBoth),
        10 => (daemon.clone(), any::<usize>()).prop_map(|(daemon, run)| Happening::Advance(daemon, run)),
        2 => any::<usize>().prop_map(Happening::Cancel),
        1 => daemon.clone().prop_map(Happening::Crash),
        1 => daemon.clone().prop_map(Happening::Lapse),
        1 => daemon.prop_map(Happening::Drain),
    ]
}

#[test]
fn whatever_happens_locks_keep_their_promises() {
    let schedules = u32::try_from(flags::number("WINDLASS_TEST_SCHEDULES", SCHEDULES)).unwrap();
    let seed = flags::seed().to_le_bytes().repeat(4);
    let config = Config { cases: schedules, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let played = runner.run(&proptest::collection::vec(happening(), 20..70), |happenings| {
        runtime.block_on(play(&world, &happenings)).map_err(TestCaseError::fail)
    });
    if let Err(wrong) = played {
        panic!("{wrong}");
    }
    runtime.block_on(world.end(Vec::new()));
}

/// Plays one schedule to its end.
async fn play(world: &World, happenings: &[Happening]) -> Result<(), String> {
    let mut model = Model::new(world).await;
    let mut before = model.look().await;
    for happening in happenings {
        match *happening {
            Happening::Make(job) => model.make(job).await,
            Happening::Claim(daemon) => model.claim(daemon).await,
            Happening::ClaimBoth => model.claim_both().await,
            Happening::Advance(daemon, run) => model.advance(daemon, run).await,
            Happening::Cancel(run) => model.cancel(run).await,
            Happening::Crash(daemon) => model.crash(daemon).await,
            Happening::Lapse(daemon) => model.lapse(daemon).await,
            Happening::Drain(daemon) => model.drain(daemon).await,
        }
        let after = model.look().await;
        after.check(&before).map_err(|wrong| format!("after {happening:?}: {wrong}\n{before:#?}\n{after:#?}"))?;
        before = after;
    }
    model.finish().await?;
    let left = model.look().await;
    model.leave().await;
    if left.is_empty() { Ok(()) } else { Err(format!("left at the end: {left:#?}")) }
}

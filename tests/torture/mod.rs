//! Faults at random moments, and what must hold however they fall: nothing is lost, nothing runs twice, nothing is left.
//!
//! Two real daemons share a state server and work on a target server; jobs of several kinds are due every second. Daemons
//! are killed, frozen and drained, servers are restarted orderly and without a word, or hang. Then the jobs are paused, and once all
//! runs have ended the databases are asked. A short round is always run; `WINDLASS_TEST_FAULTS` is the number of faults,
//! `WINDLASS_TEST_SEED` what all chance comes from. With `--nocapture` it prints what each fault came to as a table.

mod fault;
mod invariants;
mod jobs;
mod report;
mod world;

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::flags;
use fault::Fault;
use report::Report;
use world::World;

/// Faults of the short round: one of each kind but the long ones.
const FAULTS: u64 = 6;

/// Longest pause before a fault, in milliseconds: everything that is due every second is hit at every phase.
const PAUSE_MS: u64 = 1500;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost_doubled_or_left() {
    let (faults, mut rng) = (flags::number("WINDLASS_TEST_FAULTS", FAULTS), StdRng::seed_from_u64(flags::seed()));
    let mut world = World::new().await;
    world.first_success().await;
    let mut report = Report::default();
    let mut next: Vec<Fault> = Vec::new();
    for _ in 0..faults {
        if next.is_empty() {
            next = if faults > FAULTS { Fault::all() } else { Fault::short() };
            next.shuffle(&mut rng);
        }
        let fault = next.pop().unwrap();
        world.catch_breath().await;
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..PAUSE_MS))).await;
        report.add(fault, world.suffer(fault, &mut rng).await);
    }
    report.print();
    world.come_to_rest().await;
    let wrong = invariants::broken(&world).await;
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", world.said());
    world.close().await;
}

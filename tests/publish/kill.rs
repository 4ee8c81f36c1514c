//! A publisher that is killed at any moment: readers never notice, and the next attempt clears up after it.
//!
//! A short round is always run; `WINDLASS_TEST_KILLS` is the number of kills, `WINDLASS_TEST_SEED` what all chance comes
//! from.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::ids::RunId;
use windlass::domain::step::PublishMethod;
use windlass::steps::StopSignal;
use windlass::steps::replica::{Layout, State, problems, wrong_with};

use super::world::{PUBLISHED, World};
use crate::duckdb::process::Other;
use crate::support::flags;

/// Kills of the short round.
const KILLS: u64 = 12;

/// Rows of the table.
const ROWS: &str = "60000";

/// Every row of the table is of one generation; readers check that they never see two.
fn generation(number: u64) -> String {
    format!(
        "begin; drop table if exists t; create table t as select {number} as generation, range as id, random() as r \
         from range({ROWS}); commit"
    )
}

/// The replica as readers may find it at any moment: whole, of this generation of the data or the one before, and with a
/// manifest whose file is there.
async fn assert_whole(world: &World, newest: u64) {
    let seen = world
        .ask("select case when count(*) = 60000 and min(generation) = max(generation) then max(generation) end from t");
    assert!([newest, newest - 1].map(|number| number.to_string()).contains(&seen), "{seen} of {newest}");
    let layout = Layout::of(&world.replica()).unwrap();
    let state = State::read(&layout).unwrap();
    let manifest = state.manifest.as_ref().unwrap();
    assert!(state.shown.unwrap() >= manifest.generation, "{state:?}");
    for (number, kept) in &state.kept {
        let wrong = Box::pin(wrong_with(&layout.generation(*number), kept, &StopSignal::new())).await.unwrap();
        assert_eq!(wrong, Vec::<String>::new(), "generation {number}");
    }
}

#[tokio::test]
async fn a_publisher_killed_at_any_moment_leaves_the_replica_whole_and_the_next_attempt_clears_up() {
    let (kills, mut rng) = (flags::number("WINDLASS_TEST_KILLS", KILLS), StdRng::seed_from_u64(flags::seed()));
    let mut world = World::new(PublishMethod::Auto);
    world.write(&generation(0)).await;
    world.publish().await.unwrap();
    let (master, replica) = (world.master(), world.replica());
    let mut reader = Other::start("read-loop", &[replica.to_str().unwrap(), ROWS]);
    assert_eq!(reader.hear(), "reading");
    let mut usual = [Duration::ZERO; 2];
    let mut cut_off = 0;
    // The first of each method is let through, to know how long it takes.
    for kill in 0..kills + 2 {
        let way = usize::try_from(kill % 2).unwrap();
        let (method, name) = [(PublishMethod::Copy, "copy"), (PublishMethod::Compact, "compact")][way];
        world.step.method = method;
        world.context.run = RunId(uuid::Uuid::now_v7());
        world.write(&generation(kill + 1)).await;
        let run = world.context.run.to_string();
        let arguments = [master.to_str().unwrap(), replica.to_str().unwrap(), name, &run];
        let mut publisher = Other::start("publish-run", &arguments);
        assert_eq!(publisher.hear(), "begun");
        let begun = Instant::now();
        if kill < 2 {
            assert_eq!(publisher.hear(), "done");
            usual[way] = begun.elapsed();
        } else {
            tokio::time::sleep(usual[way].mul_f64(rng.random_range(0.0..1.1))).await;
        }
        publisher.kill();
        assert_whole(&world, kill + 1).await;
        let left = world.beside();
        cut_off += u64::from(left != PUBLISHED);
        let outcome = world.publish_again(2).await.unwrap();
        flags::note(&format!(
            "{kill}: {name} after {:?}: left {left:?}, then {:?}",
            begun.elapsed(),
            outcome.generation
        ));
        assert_eq!(world.ask("select max(generation) from t"), (kill + 1).to_string());
        assert_whole(&world, kill + 1).await;
        assert_eq!(world.beside(), PUBLISHED);
        let layout = Layout::of(&replica).unwrap();
        let state = State::read(&layout).unwrap();
        assert_eq!(
            (problems(&layout, &state), state.halves.len(), state.kept.len().min(4)),
            (vec![], 0, state.kept.len())
        );
    }
    flags::note(&format!("{cut_off} of {kills} kills left something"));
    loop {
        let said = reader.hear();
        if said == format!("saw {}", kills + 2) {
            break;
        }
        assert!(said.starts_with("saw "), "{said}");
    }
    assert_eq!(reader.end(), "no errors");
}

//! The machine's clock is really set, forward and back, under a daemon that serves. Needs libfaketime.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::world::World;
use crate::support::{eventually, flags, server, skipped};

/// The library that shows a process another clock: as `scripts/test` says, or where Debian has it.
fn library() -> Option<PathBuf> {
    let said = flags::list("WINDLASS_TEST_FAKETIME").pop().map(PathBuf::from);
    let places = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let installed = places.map(|place| Path::new("/usr/lib").join(place).join("faketime/libfaketimeMT.so.1"));
    said.into_iter().chain(installed).find(|path| path.exists())
}

/// An offset of about a week back, by which old logs are looked for in a few seconds: at 37 seconds past 7, 17, 27 … minutes.
fn a_week_back_and_soon_housekeeping() -> String {
    const WEEK: u64 = 7 * 24 * 60 * 60;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (due, ahead) = (7 * 60 + 37, 8);
    let to = (now - WEEK) / 600 * 600 + due - ahead;
    format!("-{}", now - to)
}

/// The log of a run that is long over.
fn old_log(world: &World) -> PathBuf {
    let log = world.folder.path("data/logs/old");
    std::fs::create_dir_all(&log).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
    std::fs::File::open(&log).unwrap().set_modified(long_ago).unwrap();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_forward_and_back_loses_no_due_time_and_no_lease() {
    let Some(library) = library() else {
        skipped("the clock was not set: libfaketime is missing (Debian package libfaketime)");
        return;
    };
    let clock = tempfile::NamedTempFile::new().unwrap();
    // Written aside and renamed: the daemon looks at the file all the time.
    let set = |offset: &str| {
        let fresh = clock.path().with_extension("new");
        std::fs::write(&fresh, format!("{offset}\n")).unwrap();
        std::fs::rename(&fresh, clock.path()).unwrap();
    };
    set("+0");
    let variables = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", clock.path().to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        // Setting a clock doesn't touch the steady one.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("NO_FAKE_STAT", "1"),
    ];
    let database = server().database().await;
    let world = World::with(&database.server(), database.url(), 2, &variables).await;
    let leases = "select count(*) from windlass.daemon";
    for (count, offset) in ["+1h", "-1h", "+400d", "a week back", "+0"].into_iter().enumerate() {
        let back = offset == "a week back";
        let old = old_log(&world);
        set(&if back { a_week_back_and_soon_housekeeping() } else { offset.to_owned() });
        let noticed = || world.daemon.errors().matches("the clock was set").count() > count;
        eventually("the step is noticed", async || noticed()).await;
        world.works_again(&format!("the clock set to {offset}")).await;
        assert!(world.is_ready().await, "the lease is trusted");
        assert_eq!(world.count(leases).await, 1, "it was given up and began anew: {}", world.daemon.errors());
        if back {
            eventually("housekeeping goes on", async || !old.exists()).await;
        }
    }
    let half = "select count(*) from windlass.run where job = 'long' and state = 'running'";
    assert_eq!(world.count(half).await, 1, "the step that was at work was ended");
    world.open_gate().await;
    world.ends_as_if_nothing_had_been().await;
    database.close().await;
}

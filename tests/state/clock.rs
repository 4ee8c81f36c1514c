//! The machine's clock is really set, forward and back, under a daemon that serves. Needs libfaketime.

use std::path::{Path, PathBuf};

use super::world::World;
use crate::support::{eventually, flags, server, skipped};

/// The library that shows a process another clock: as `scripts/test` says, or where Debian has it.
fn library() -> Option<PathBuf> {
    let said = flags::list("WINDLASS_TEST_FAKETIME").pop().map(PathBuf::from);
    let places = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let installed = places.map(|place| Path::new("/usr/lib").join(place).join("faketime/libfaketimeMT.so.1"));
    said.into_iter().chain(installed).find(|path| path.exists())
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
    for (count, offset) in ["+1h", "-1h", "+400d", "-7d", "+0"].into_iter().enumerate() {
        set(offset);
        let noticed = || world.daemon.errors().matches("the clock was set").count() > count;
        eventually("the step is noticed", async || noticed()).await;
        world.works_again(&format!("the clock set to {offset}")).await;
        assert!(world.is_ready().await, "the lease is trusted");
        assert_eq!(world.count(leases).await, 1, "it was given up and began anew: {}", world.daemon.errors());
    }
    let half = "select count(*) from windlass.run where job = 'long' and state = 'running'";
    assert_eq!(world.count(half).await, 1, "the step that was at work was ended");
    world.open_gate().await;
    world.ends_as_if_nothing_had_been().await;
    database.close().await;
}

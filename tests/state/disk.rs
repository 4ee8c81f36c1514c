//! The state server's disk is full: first its tables can't grow, then it can't write its log and goes down.

use std::fs::File;
use std::io::{ErrorKind, Write as _};

use super::world::World;
use crate::support::PrivateServer;

/// Enough for an empty cluster and what its log may take.
const MEGABYTES: u32 = 160;

/// Jobs that are due every second, so that tables want to grow soon.
const TICKS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_server_whose_disk_is_full_is_waited_for() {
    let settings = ["max_wal_size=32MB", "min_wal_size=32MB", "shared_buffers=16MB", "autovacuum=off"];
    let Some(server) = PrivateServer::start_on_small_disk(MEGABYTES, &settings).await else { return };
    let mut world = World::new(&server.server("postgres"), &server.embedded().url("postgres"), TICKS).await;

    let filler = server.embedded().data().parent().unwrap().join("filler");
    fill(&filler);
    world.daemon.says("No space left on device").await;
    world.open_gate().await;
    // What it still could write is written: now the server itself gives up.
    let write = "select pg_logical_emit_message(false, 'test', repeat('x', 1000000))";
    while world.state.client().execute(write, &[]).await.is_ok() {}
    world.comes_to_be(false).await;

    std::fs::remove_file(&filler).unwrap();
    // As whoever looks after the server does; it may have come up by itself.
    server.restart("immediate").await;
    world.state = server.server("postgres").connect("test-admin").await.unwrap();
    world.works_again("the disk has room again").await;
    world.comes_to_be(true).await;
    world.ends_as_if_at_most_its_last_moment_had_been_repeated().await;
}

/// Fills the disk that this file is on.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let bytes = vec![0_u8; size];
        loop {
            match file.write_all(&bytes) {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
                    break;
                }
            }
        }
    }
}

//! A stop at any point leaves nothing behind.

use std::io::{Read, Write};

use windlass::domain::code::Code;
use windlass::domain::step::{BodyFormat, LoadMode};

use super::world::{BOTH, To, World, http};

#[tokio::test]
async fn a_stop_during_a_download_leaves_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let world = World::new(To::DuckDb, http(&url, BodyFormat::Json)).await;
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let serving = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        // Asked first: an answer to nothing is an error of its own.
        assert!(connection.read(&mut [0; 1024]).unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{\"a\": 1},").unwrap();
        // Until the test is over: a server that says nothing more.
        held.recv().ok();
    });
    let stop = async {
        world.host.progress_with(|progress| progress.bytes.is_some_and(|bytes| bytes > 0)).await;
        world.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(world.failure(), stop);
    assert_eq!(failure.code, Code::Cancelled);
    assert!(!world.file_exists());
    drop(hold);
    serving.join().unwrap();
}

#[tokio::test]
async fn a_stop_before_the_commit_leaves_the_table_as_it_was() {
    for to in BOTH {
        for mode in [LoadMode::Replace, LoadMode::Append] {
            let mut world = World::of_file(to, "a.csv", "a\n1\n2\n").await;
            world.step.into.mode = mode;
            world.execute("create table t (a int); insert into t values (42)").await;
            let open = world.host.hold_gate();
            let stop = async {
                world.host.gate_reached().await;
                world.context.stop.cancel();
            };
            let (failure, ()) = tokio::join!(world.failure(), stop);
            assert_eq!(failure.code, Code::Cancelled, "{to:?} {mode:?}");
            assert_eq!(world.value("select sum(a) from t").await, "42", "{to:?} {mode:?}");
            drop(open);
            world.close().await;
        }
    }
}

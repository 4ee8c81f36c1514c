//! What `docs/READERS.md` says that readers find, tried with the DuckDB that Windlass has and with the newest.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use windlass::domain::step::PublishMethod;

use super::world::{World, reader, value};
use crate::support::pythons_with_duckdb;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/publish/what_readers_find.py");

/// Publishes the next generation: the table holds the numbers of all of them.
async fn publish(world: &World, number: u32) {
    world.write(&format!("create table if not exists t (id integer); insert into t values ({number})")).await;
    world.publish().await.unwrap();
}

#[tokio::test]
async fn what_the_page_for_readers_says_about_sessions_is_so() {
    for python in pythons_with_duckdb() {
        let world = World::new(PublishMethod::Auto);
        // An unprivileged user tries to write, and must get as far as the file.
        std::fs::set_permissions(world.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut generation = 1;
        publish(&world, generation).await;
        let mut command = Command::new(&python);
        command.arg(SCRIPT).arg(world.replica()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = command.spawn().unwrap();
        let mut input = script.stdin.take().unwrap();
        for line in BufReader::new(script.stdout.take().unwrap()).lines() {
            match line.unwrap().as_str() {
                "publish" => {
                    generation += 1;
                    publish(&world, generation).await;
                    writeln!(input, "published").unwrap();
                }
                said => assert_eq!(said, "done"),
            }
        }
        assert!(script.wait().unwrap().success(), "{}", python.display());
        assert_eq!(generation, 4);
    }
}

#[tokio::test]
async fn in_rust_a_second_open_in_one_process_sees_the_new_generation() {
    let world = World::new(PublishMethod::Auto);
    publish(&world, 1).await;
    let old = reader(&world.replica());
    publish(&world, 2).await;
    assert_eq!(value(&reader(&world.replica()), "select max(id) from t"), "2");
    assert_eq!(value(&old, "select max(id) from t"), "1");
}

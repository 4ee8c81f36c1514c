//! Files that are taken once, whatever dies, from a disk and from an object store.

use std::sync::Arc;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::step::LoadMode;
use windlass::steps::Environment;

use super::world::{BOTH, To, World};
use crate::support::azure_server::AzureServer;
use crate::support::object_server::ObjectServer;

const ROWS: &str = "select string_agg(a::varchar, ',' order by a) from t";

async fn new_files(to: To) -> World {
    let mut world = World::of_file(to, "1.csv", "a\n1\n").await;
    world.read_files("*.csv");
    world.files().only_new = true;
    world.step.into.mode = LoadMode::Append;
    world
}

#[tokio::test]
async fn each_file_is_taken_once_and_a_changed_one_again() {
    for to in BOTH {
        let mut world = new_files(to).await;
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.files), (Some(1), Some(1)));
        world.write("2.csv", "a\n2\n");
        world.next_run();
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.files), (Some(1), Some(1)), "{to:?}");
        world.next_run();
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.files), (Some(0), Some(0)), "nothing new is no failure");
        world.write("1.csv", "a\n10\n11\n");
        world.next_run();
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        assert!(world.host.find("loaded before and changed since").unwrap().contains("1.csv`"));
        assert_eq!(world.value(ROWS).await, "1,2,10,11", "{to:?}");
        let known = "select count(*) from windlass_file where job = '시험' and step = 'step' and bytes > 0";
        assert_eq!(world.value(known).await, "2");
        world.read_files("none*.csv");
        world.files().only_new = true;
        world.next_run();
        assert_eq!(world.run().await.unwrap().files, Some(0), "no file at all is nothing new either");
        world.close().await;
    }
}

#[tokio::test]
async fn a_load_that_fails_takes_no_file_and_one_that_was_committed_is_not_repeated() {
    for to in BOTH {
        for mode in [LoadMode::Append, LoadMode::Upsert] {
            let mut world = new_files(to).await;
            world.step.into.mode = mode;
            world.step.into.key = vec!["a".into()];
            *world.host.gate.lock().unwrap() = Some(Failure::permanent(Code::NotOwner, Side::Internal, "not ours"));
            assert_eq!(world.failure().await.code, Code::NotOwner);
            *world.host.gate.lock().unwrap() = None;
            world.next_attempt();
            assert_eq!(world.run().await.unwrap().rows, Some(1));
            world.next_attempt();
            assert_eq!(world.run().await.unwrap().rows, Some(1), "the marker says what was loaded");
            assert_eq!(world.value(ROWS).await, "1", "{to:?} {mode:?}");
            world.close().await;
        }
    }
}

#[tokio::test]
async fn of_two_runs_at_once_one_takes_a_file() {
    for to in BOTH {
        let mut world = new_files(to).await;
        world.execute("create table t (a int)").await;
        let ended = world.at_once(2).await;
        let failed: Vec<&Failure> = ended.iter().filter_map(|ended| ended.as_ref().err()).collect();
        // Whoever comes late enough finds nothing new; else it is told, and finds nothing the next time.
        assert!(failed.iter().all(|failure| failure.class == FailureClass::Transient), "{failed:?}");
        assert!(failed.iter().all(|failure| failure.message.contains("another run has taken it")), "{failed:?}");
        assert!(failed.len() < 2, "{failed:?}");
        assert_eq!(world.value(ROWS).await, "1", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn objects_of_azure_are_taken_once_too() {
    let Some(server) = AzureServer::start().await else { return };
    let bucket = server.bucket();
    let mut world = World::of_file(To::DuckDb, "unused", "").await;
    let known = &world.context.environment;
    let (connections, spool) = (known.connections.clone(), known.spool.clone());
    let environment = Environment { connections, spool, objects: server.stores(), ..Environment::default() };
    world.context.environment = Arc::new(environment);
    world.read_files("az://replicas/in/*.csv");
    world.files().only_new = true;
    world.step.into.mode = LoadMode::Append;
    for (key, text, rows) in [
        ("in/일.csv", "a\n1\n", 1),
        ("in/2.csv", "a\n2\n3\n", 2),
        ("in/deep/3.csv", "a\n9\n", 0),
        ("in/2.csv", "a\n4\n5\n", 2),
    ] {
        bucket.put(key, text.into()).await.unwrap();
        assert_eq!(world.run().await.unwrap().rows, Some(rows), "{key}");
        world.next_run();
    }
    assert_eq!(world.value(ROWS).await, "1,2,3,4,5");
}

#[tokio::test]
async fn objects_are_fetched_and_taken_once_like_files() {
    let Some(server) = ObjectServer::start().await else { return };
    for to in BOTH {
        let mut world = World::of_file(to, "unused", "").await;
        let known = &world.context.environment;
        let (connections, spool) = (known.connections.clone(), known.spool.clone());
        let environment = Environment { connections, spool, objects: server.stores(), ..Environment::default() };
        world.context.environment = Arc::new(environment);
        let folder = format!("{to:?}");
        let key = |name: &str| format!("{folder}/{name}");
        server.put(&key("일.csv"), "a,b\n1,x\n").await;
        server.put(&key("2.csv"), "b,a\ny,2\n").await;
        server.put(&key("deep/3.csv"), "a,b\n3,z\n").await;
        server.put(&key("4.txt"), "not this one").await;
        world.read_files(&format!("s3://replicas/{folder}/*.csv"));
        world.files().only_new = true;
        world.step.into.mode = LoadMode::Append;
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.files), (Some(2), Some(2)), "{to:?}");
        server.put(&key("5.csv"), "a,b\n5,v\n").await;
        world.next_run();
        assert_eq!(world.run().await.unwrap().files, Some(1));
        world.next_run();
        assert_eq!(world.run().await.unwrap().files, Some(0));
        server.put(&key("5.csv"), "a,b\n6,v\n").await;
        world.next_run();
        assert_eq!(world.run().await.unwrap().rows, Some(1), "the same size, another content");
        assert_eq!(world.value(ROWS).await, "1,2,5,6", "{to:?}");
        world.read_files(&format!("s3://replicas/{folder}/**/*.csv"));
        world.step.into.mode = LoadMode::Replace;
        world.next_run();
        assert_eq!(world.run().await.unwrap().files, Some(4));
        for (path, words) in [("none*.csv", "no file matches"), ("none.csv", "no such object")] {
            world.read_files(&format!("s3://replicas/{folder}/{path}"));
            let failure = world.failure().await;
            assert_eq!((failure.code, failure.side), (Code::InputFile, Side::Source));
            assert!(failure.message.contains(words), "{failure}");
        }
        world.close().await;
    }
}

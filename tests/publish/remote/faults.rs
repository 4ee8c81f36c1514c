//! A store that is away, refuses, or is left in the middle: what readers see stays, and nothing unseen is left.

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;

use super::{MUCH, PUBLISHED, manifest};
use crate::publish::world::World;
use crate::support::object_server::ObjectServer;

#[tokio::test]
async fn a_line_cut_in_the_middle_of_an_upload_costs_one_attempt() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = World::with_bucket(&server).await;
    world.write(MUCH).await;
    let line = server.line().await;
    world.reach(line.stores());
    line.cut_after(12 * 1024 * 1024);
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::StoreUnreachable, FailureClass::Transient), "{failure}");
    assert_eq!(server.keys().await, ["data/stock.db.generations/1.uploading"]);
    line.cut_after(i64::MAX);
    assert_eq!(world.publish_again(2).await.unwrap().generation, Some(2));
    assert!(world.host.find("that was begun and never ended").is_some() || world.host.find("left half").is_some());
    let keys = server.keys().await;
    assert_eq!(keys, PUBLISHED.map(|key| key.replace("/1.", "/2.")));
    assert!(server.unfinished().await.is_empty());
}

#[tokio::test]
async fn a_cancel_in_the_middle_of_an_upload_leaves_nothing() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    world.write(MUCH).await;
    let stop = world.context.stop.clone();
    *world.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if progress.phase.starts_with("uploading") && progress.bytes.is_some_and(|bytes| bytes > 0) {
            stop.cancel();
        }
    }));
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Cancelled, "{failure}");
    assert_eq!(server.keys().await, Vec::<String>::new());
    assert!(server.unfinished().await.is_empty());
    assert_eq!(std::fs::read_dir(world.folder.path().join("spool")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_run_that_is_no_longer_ours_changes_nothing() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    world.publish().await.unwrap();
    let refused = windlass::domain::failure::Failure::permanent(
        Code::NotOwner,
        windlass::domain::failure::Side::Internal,
        "somebody else has it",
    );
    *world.host.gate.lock().unwrap() = Some(refused);
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::NotOwner);
    assert_eq!(server.keys().await, PUBLISHED);
}

#[tokio::test]
async fn credentials_and_buckets_are_refused_before_any_work() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = World::with_bucket(&server).await;
    world.step.to = vec!["s3://nowhere/stock.db".into()];
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::StoreRefused, FailureClass::Permanent), "{failure}");
    assert!(failure.message.contains("s3://nowhere/stock.db") && failure.message.contains("NoSuchBucket"), "{failure}");
    world.step.to = vec!["s3://replicas".into()];
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::ReplicaTarget, "{failure}");
    server.lock_everybody_out().await;
    world.step.to = vec![super::ADDRESS.into()];
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Permanent, "{failure}");
    assert!(!failure.message.contains("a-secret"), "{failure}");
    assert!(world.host.progress.lock().unwrap().is_empty(), "no work was begun");
}

#[tokio::test]
async fn a_table_that_shrank_is_not_uploaded() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = World::with_bucket(&server).await;
    world.publish().await.unwrap();
    world.step.max_shrink = Some(0.5);
    world.write("delete from prices where id > 10").await;
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::ReplicaCheck, "{failure}");
    assert_eq!(server.keys().await, PUBLISHED);
    assert_eq!(manifest(&server, "data/stock.db.json").await.generation, 1);
}

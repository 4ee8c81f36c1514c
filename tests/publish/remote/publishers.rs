//! Two publishers to one address.

use std::sync::mpsc;

use super::{ADDRESS, manifest};
use crate::publish::world::World;
use crate::support::object_server::ObjectServer;

#[tokio::test]
async fn the_second_waits_its_turn_and_comes_after() {
    let Some(server) = ObjectServer::start().await else { return };
    let (one, other) = (World::with_bucket(&server).await, World::with_bucket(&server).await);
    other.write("insert into prices values (-1, 'more', 1)").await;
    let open = one.host.hold_gate();
    let publishing_other = async {
        one.host.gate_reached().await;
        let waiting = async {
            other.host.line_with("another publisher changes s3://replicas/data/stock.db").await;
            assert_eq!(server.get("data/stock.db").await, None);
            open.notify_one();
        };
        tokio::join!(other.publish(), waiting).0
    };
    let (first, second) = tokio::join!(one.publish(), publishing_other);
    assert_eq!((first.unwrap().generation, second.unwrap().generation), (Some(1), Some(2)));
    let published = manifest(&server, "data/stock.db.json").await;
    assert_eq!((published.generation, published.previous, published.rows), (2, Some(1), 100_003));
    assert!(server.get("data/stock.db").await == server.get("data/stock.db.generations/2.db").await);
    assert_eq!(server.keys().await.len(), 6);
}

#[tokio::test]
async fn who_was_overtaken_takes_a_later_number() {
    let Some(server) = ObjectServer::start().await else { return };
    let (slow, fast) = (World::with_bucket(&server).await, World::with_bucket(&server).await);
    slow.write("insert into prices values (-1, 'more', 1)").await;
    // The slow one has uploaded as generation 1 and is held there until the fast one is through.
    let (arrived, has_arrived) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    *slow.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if progress.phase == format!("publishing to {ADDRESS}") {
            arrived.send(()).unwrap();
            may_go_on.recv().unwrap();
        }
    }));
    // With a runtime of its own, because it blocks.
    let publishing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(slow.publish())
    });
    tokio::task::spawn_blocking(move || has_arrived.recv().unwrap()).await.unwrap();
    assert_eq!(fast.publish().await.unwrap().generation, Some(2));
    go_on.send(()).unwrap();
    let overtaken = tokio::task::spawn_blocking(|| publishing.join().unwrap()).await.unwrap();
    assert_eq!(overtaken.unwrap().generation, Some(3));
    let published = manifest(&server, "data/stock.db.json").await;
    assert_eq!((published.generation, published.previous, published.rows), (3, Some(2), 100_003));
    assert!(server.get("data/stock.db").await == server.get("data/stock.db.generations/3.db").await);
    let keys = server.keys().await;
    assert_eq!(keys.len(), 6, "{keys:?}");
}

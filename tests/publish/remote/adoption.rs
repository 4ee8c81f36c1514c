//! Going on where an attempt died, and leaving alone what is somebody else's.

use serde_json::json;
use windlass::domain::ids::RunId;

use super::{PUBLISHED, manifest};
use crate::publish::world::World;
use crate::support::object_server::ObjectServer;

#[tokio::test]
async fn a_publish_that_could_not_be_recorded_is_not_made_again() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    let first = world.publish().await.unwrap();
    let before = manifest(&server, "data/stock.db.json").await;
    let second = world.publish_again(2).await.unwrap();
    assert_eq!((second.generation, second.rows), (Some(1), first.rows));
    assert_eq!(manifest(&server, "data/stock.db.json").await, before);
    assert_eq!(server.keys().await, PUBLISHED);
}

#[tokio::test]
async fn an_attempt_that_died_before_the_manifest_is_finished() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    world.publish().await.unwrap();
    // As it is between the generation's manifest and the replica, and between the replica and its manifest.
    for died_before in [&["data/stock.db", "data/stock.db.json"][..], &["data/stock.db.json"]] {
        for key in died_before {
            server.remove(key).await;
        }
        server.put("data/stock.db.generations/switching", &who(&world, 1)).await;
        let outcome = world.publish_again(2).await.unwrap();
        assert_eq!(outcome.generation, Some(1));
        assert_eq!(server.keys().await, PUBLISHED);
        assert!(server.get("data/stock.db").await == server.get("data/stock.db.generations/1.db").await);
    }
}

#[tokio::test]
async fn what_an_attempt_left_that_died_while_it_uploaded_is_removed() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    server.put("data/stock.db.generations/1.uploading", &who(&world, 1)).await;
    server.begin_upload("data/stock.db.generations/1.db").await;
    server.put("data/stock.db.generations/2.uploading", &who(&world, 1)).await;
    server.put("data/stock.db.generations/2.db", "half a publish").await;
    // Their numbers are not given again: who had them could wake up.
    assert_eq!(world.publish_again(2).await.unwrap().generation, Some(3));
    assert_eq!(server.keys().await, PUBLISHED.map(|key| key.replace("/1.", "/3.")));
    assert!(server.unfinished().await.is_empty());
}

#[tokio::test]
async fn what_another_publisher_is_about_to_use_stays() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    let other = json!({"run": RunId(uuid::Uuid::now_v7()), "step": "step", "attempt": 1}).to_string();
    server.put("data/stock.db.generations/7.uploading", &other).await;
    server.begin_upload("data/stock.db.generations/7.db").await;
    server.begin_upload("data/stock.db.generations/6.db").await;
    server.begin_upload("data/stock.db.old").await;
    assert_eq!(world.publish().await.unwrap().generation, Some(8));
    assert!(server.keys().await.contains(&"data/stock.db.generations/7.uploading".to_owned()));
    let mut left = server.unfinished().await;
    left.sort();
    assert_eq!(left, ["data/stock.db.generations/7.db", "data/stock.db.old"]);
}

/// What an attempt of the world's own step writes into its claim and its turn.
fn who(world: &World, attempt: u32) -> String {
    json!({"run": world.context.run, "step": world.context.step_id, "attempt": attempt}).to_string()
}

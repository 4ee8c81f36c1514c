//! One file in several places: on disks and in object stores.

use std::sync::Arc;

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;

use super::remote::{ADDRESS, manifest};
use super::world::{PUBLISHED, World, ask, names_in};
use crate::support::object_server::ObjectServer;
use crate::support::sha256;

/// Places of a world with several.
async fn world(server: &ObjectServer) -> World {
    let mut world = World::with_bucket(server).await;
    std::fs::create_dir(world.folder.path().join("second")).unwrap();
    world.step.to = vec!["replica/stock_data_replica.db".into(), ADDRESS.into(), "second/copy.db".into()];
    world
}

#[tokio::test]
async fn all_places_get_the_same_file_with_generations_of_their_own() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = world(&server).await;
    let all = std::mem::take(&mut world.step.to);
    world.step.to = vec![all[0].clone()];
    world.publish().await.unwrap();
    world.step.to = all;
    let outcome = world.publish().await.unwrap();
    let real = world.folder.path().canonicalize().unwrap();
    let (first, second) = (real.join("replica/stock_data_replica.db"), real.join("second/copy.db"));
    let places = [(first.to_str().unwrap(), 2), (ADDRESS, 1), (second.to_str().unwrap(), 1)];
    assert_eq!(outcome.places, places.map(|(place, number)| (place.to_owned(), number)).into());
    assert_eq!((outcome.generation, outcome.path.as_deref()), (Some(2), first.to_str()));
    let expected = sha256(&std::fs::read(&first).unwrap());
    assert_eq!(sha256(&std::fs::read(&second).unwrap()), expected);
    assert_eq!(sha256(&server.get("data/stock.db").await.unwrap()), expected);
    assert_eq!(manifest(&server, "data/stock.db.json").await.sha256, expected);
    assert_eq!(ask(&second, "select count(*) from prices"), "100000");
    assert_eq!(world.beside(), PUBLISHED);
    assert_eq!(names_in(&real.join("second")), ["copy.db", "copy.db.generations", "copy.db.json"]);
    assert!(!real.join("spool").exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_reached_is_found_out_while_none_has_changed() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = world(&server).await;
    world.step.to[1] = "s3://nowhere/stock.db".into();
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::StoreRefused, "{failure}");
    assert!(world.beside().is_empty());
    world.step.to[1] = world.step.to[0].clone();
    let failure = world.publish().await.unwrap_err();
    assert!(failure.message.contains("stands in `to` twice"), "{failure}");
}

#[tokio::test]
async fn a_place_that_fails_in_the_end_is_told_and_only_it_is_tried_again() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = world(&server).await;
    let line = Arc::new(server.line().await);
    world.reach(line.stores());
    let cut = Arc::clone(&line);
    *world.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if progress.phase.starts_with("publishing to s3") {
            cut.cut_after(0);
        }
    }));
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::StoreUnreachable, FailureClass::Transient), "{failure}");
    assert!(failure.message.contains("the new generation is already shown by "), "{failure}");
    assert!(failure.message.ends_with("replica/stock_data_replica.db"), "{failure}");
    assert_eq!(world.beside(), PUBLISHED);
    assert!(names_in(&world.folder.path().join("second")).is_empty());
    assert_eq!(server.get("data/stock.db").await, None);

    *world.host.at_progress.lock().unwrap() = None;
    line.cut_after(i64::MAX);
    let before = world.manifest();
    let outcome = world.publish_again(2).await.unwrap();
    assert_eq!(outcome.places.len(), 3);
    assert_eq!(world.manifest(), before);
    assert_eq!(manifest(&server, "data/stock.db.json").await.bytes, before.bytes);
    assert!(server.keys().await.iter().all(|key| !key.ends_with("uploading")), "{:?}", server.keys().await);
    assert!(server.unfinished().await.is_empty());
}

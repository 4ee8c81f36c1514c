//! A replica in a container of Azure, from its first generation to the way back.

use windlass::domain::object::ObjectAddress;
use windlass::domain::replica::Manifest;
use windlass::domain::step::PublishMethod;
use windlass::steps::StopSignal;
use windlass::steps::replica::remote::RemoteReplica;

use super::MUCH;
use crate::publish::world::{World, ask};
use crate::support::azure_server::AzureServer;
use crate::support::sha256;

#[tokio::test]
async fn a_replica_in_azure_has_generations_and_a_way_back() {
    const ADDRESS: &str = "az://replicas/data/stock.db";
    let Some(server) = AzureServer::start().await else { return };
    let mut world = World::with_master(PublishMethod::Auto).await;
    world.step.to = vec![ADDRESS.into()];
    world.reach(server.stores());
    // In one request, then in parts.
    for number in 1..=2 {
        assert_eq!(world.publish().await.unwrap().places.get(ADDRESS), Some(&number));
        let manifest: Manifest = serde_json::from_slice(&server.get("data/stock.db.json").await).unwrap();
        assert_eq!((manifest.generation, &manifest.file), (number, &format!("stock.db.generations/{number}.db")));
        let file = server.get("data/stock.db").await;
        assert_eq!((manifest.bytes, manifest.sha256), (file.len() as u64, sha256(&file)));
        let fetched = world.folder.path().join(format!("{number}.db"));
        std::fs::write(&fetched, file).unwrap();
        assert_eq!(ask(&fetched, "select count(*) from prices"), "100000");
        world.write(if number == 1 { MUCH } else { "drop table much" }).await;
    }
    let keys = server.keys().await;
    assert_eq!(keys.len(), 6, "{keys:?}");

    let replica = RemoteReplica::open(&server.stores(), &ObjectAddress::parse(ADDRESS).unwrap().unwrap()).unwrap();
    let (now, spool, stop) =
        ("2030-01-01T00:00:00Z".parse().unwrap(), world.folder.path().join("spool"), StopSignal::new());
    let back = replica.roll_back(None, now, &spool, &stop, |_| {}).await.unwrap();
    assert_eq!((back.generation, back.rolled_back_from), (1, Some(2)));
    assert!(replica.wrong_with(&back, &spool, &stop).await.unwrap().is_empty());
    assert_eq!(world.publish().await.unwrap().generation, Some(3));
    assert!(server.keys().await.iter().all(|key| !key.ends_with("switching") && !key.ends_with("uploading")));
}

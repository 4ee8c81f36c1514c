//! Replicas in an object store, against real servers.

mod adoption;
mod azure;
mod faults;
mod generations;
mod publishers;

use std::path::PathBuf;
use std::sync::Arc;

use windlass::domain::object::ObjectAddress;
use windlass::domain::replica::Manifest;
use windlass::domain::step::PublishMethod;
use windlass::objects::ObjectStores;
use windlass::steps::Environment;
use windlass::steps::replica::remote::RemoteReplica;

use super::world::World;
use crate::support::object_server::ObjectServer;

/// Where the replica stands.
pub(super) const ADDRESS: &str = "s3://replicas/data/stock.db";

/// Keys in the bucket when all is well after one publish.
const PUBLISHED: [&str; 4] =
    ["data/stock.db", "data/stock.db.generations/1.db", "data/stock.db.generations/1.json", "data/stock.db.json"];

/// More rows than go into one part of an upload.
pub(super) const MUCH: &str = "create table much as select range, random() r, md5(range::varchar) m from range(700000)";

impl World {
    /// A master, and a step that publishes it to a bucket of that server.
    pub(super) async fn with_bucket(server: &ObjectServer) -> Self {
        let mut world = Self::with_master(PublishMethod::Auto).await;
        world.step.to = vec![ADDRESS.into()];
        world.reach(server.stores());
        world
    }

    /// From now on object stores are reached in that way.
    pub(super) fn reach(&mut self, objects: ObjectStores) {
        let before = &self.context.environment;
        let (connections, spool) = (before.connections.clone(), before.spool.clone());
        self.context.environment = Arc::new(Environment { connections, objects, spool, ..Environment::default() });
    }

    /// The replica in the bucket.
    fn remote(&self) -> RemoteReplica {
        let address = ObjectAddress::parse(ADDRESS).unwrap().unwrap();
        RemoteReplica::open(&self.context.environment.objects, &address).unwrap()
    }

    /// Asks a file of the bucket, as a reader who fetched it.
    async fn ask_remote(&self, server: &ObjectServer, key: &str, query: &str) -> String {
        let path: PathBuf = self.folder.path().join("fetched.db");
        std::fs::write(&path, server.get(key).await.unwrap()).unwrap();
        super::world::ask(&path, query)
    }
}

/// A manifest in the bucket.
pub(super) async fn manifest(server: &ObjectServer, key: &str) -> Manifest {
    serde_json::from_slice(&server.get(key).await.unwrap_or_else(|| panic!("{key} is not there"))).unwrap()
}

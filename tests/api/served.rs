//! The API over a state database of its own, with jobs in it, and no daemon that would run them.

use std::collections::BTreeMap;

use windlass::api::{Access, Backend, NamedToken, Token};
use windlass::domain::ids::RunId;
use windlass::domain::role::Role;
use windlass::spec::{self, Known};
use windlass::store::{Definition, NewRun, Store};
use windlass::telemetry::Metrics;

use super::client::{Answer, Api, operator};
use crate::support::{TestDatabase, server};

/// The header of a request with a body.
pub(super) const JSON: &str = "Content-Type: application/json\r\n";

/// The API with what it reads.
pub(super) struct Served {
    pub(super) api: Api,
    pub(super) database: TestDatabase,
    pub(super) store: Store,
    folder: tempfile::TempDir,
}

impl Served {
    /// To everybody.
    pub(super) async fn new() -> Self {
        Self::to(Vec::new()).await
    }

    /// To `s3cret`, who may act, and `r3ader`, who may not.
    pub(super) async fn guarded() -> Self {
        let reader = NamedToken { name: "grafana".to_owned(), role: Role::Read, token: Token::new("r3ader").unwrap() };
        Self::to(vec![operator("s3cret"), reader]).await
    }

    async fn to(tokens: Vec<NamedToken>) -> Self {
        let database = server().database().await;
        let store = Store::new(database.server(), Metrics::new("test")).unwrap();
        store.migrate().await.unwrap();
        let api = Api::start_for(Access::new(tokens, None)).await;
        let folder = tempfile::tempdir().unwrap();
        let served = Self { api, database, store, folder };
        served.reached();
        served
    }

    /// Lets the API know of the state database.
    pub(super) fn reached(&self) {
        let backend =
            Backend { store: self.store.clone(), logs: self.folder.path().join("logs"), replicas: replicas() };
        self.api.backend.send_replace(Some(backend));
    }

    /// Saves a job, as a daemon that has loaded its file would, and says how its definition is called.
    pub(super) async fn job(&self, text: &str) -> String {
        let known = Known { now: chrono::DateTime::UNIX_EPOCH, connections: None, env: None };
        let path = self.folder.path().join("job.yaml");
        let loaded = spec::load_text(&path, text.as_bytes().to_vec(), &known).unwrap_or_else(|_| panic!("{text}"));
        let definition = Definition { job: loaded.job, source: loaded.source, base: loaded.base };
        self.store.save_job(&definition).await.unwrap()
    }

    /// Saves a job of one statement.
    pub(super) async fn plain_job(&self, name: &str) -> String {
        self.job(&format!("job: {name}\nsteps:\n  - id: a\n    sql: {{connection: pg, statement: select 1}}\n")).await
    }

    /// Makes a run of a job.
    pub(super) async fn run(&self, job: &str, definition: &str) -> RunId {
        self.store.create_run(&NewRun::manual(job, definition, BTreeMap::new())).await.unwrap()
    }

    /// Asks for something under `/api/v1`.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.api.get(&format!("/api/v1{path}"), "").await
    }

    /// Does something under `/api/v1`.
    pub(super) async fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        self.api.send("POST", &format!("/api/v1{path}"), &format!("{JSON}{headers}"), body).await
    }

    pub(super) async fn close(self) {
        self.api.stop().await;
        self.store.close();
        self.database.close().await;
    }
}

/// No replicas: nothing here publishes.
pub(super) fn replicas() -> windlass::engine::Replicas {
    windlass::engine::Replicas::new(std::sync::Arc::new(windlass::steps::Environment::default()))
}

//! A folder with a master, a step that publishes it, and a look at what came of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use windlass::domain::failure::Failure;
use windlass::domain::outcome::Outcome;
use windlass::domain::replica::Manifest;
use windlass::domain::step::{PublishMethod, PublishSource, PublishStep, StepKind, default_keep};
use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::steps::{Connection, StepContext};

use crate::support::host::{MemoryHost, attempt};

/// What lies in the replica's folder when all is well.
pub(crate) const PUBLISHED: [&str; 3] =
    ["stock_data_replica.db", "stock_data_replica.db.generations", "stock_data_replica.db.json"];

/// A step in a folder of its own.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) context: StepContext,
    pub(crate) host: Arc<MemoryHost>,
    pub(crate) step: PublishStep,
}

impl World {
    /// Publishes `stock_data.db` to `replica/stock_data_replica.db`, once somebody has made the master.
    pub(crate) fn new(method: PublishMethod) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("replica")).unwrap();
        let market = Connection::DuckDb(DuckDbFile::new(folder.path().join("stock_data.db")));
        let (context, host) = attempt(folder.path(), BTreeMap::from([("market".to_owned(), market)]));
        let step = publish_step("replica/stock_data_replica.db", method);
        Self { folder, context, host, step }
    }

    /// The same with a master of the field's kind: prices, a view, names in Korean and in awkward letters.
    pub(crate) async fn with_master(method: PublishMethod) -> Self {
        let world = Self::new(method);
        world.write(MASTER).await;
        world
    }

    /// Runs statements on the master and closes it.
    pub(crate) async fn write(&self, statements: &str) {
        write(&self.master(), statements).await;
    }

    /// The master's path.
    pub(crate) fn master(&self) -> PathBuf {
        self.folder.path().join("stock_data.db")
    }

    /// The replica's path.
    pub(crate) fn replica(&self) -> PathBuf {
        self.folder.path().join("replica/stock_data_replica.db")
    }

    /// One attempt.
    pub(crate) async fn publish(&self) -> Result<Outcome, Failure> {
        let kind = StepKind::PublishReplica(self.step.clone());
        Box::pin(windlass::steps::run(&kind, &self.context)).await
    }

    /// Another attempt of the same run.
    pub(crate) async fn publish_again(&self, attempt: u32) -> Result<Outcome, Failure> {
        let kind = StepKind::PublishReplica(self.step.clone());
        let context = StepContext { attempt, ..self.context.clone() };
        Box::pin(windlass::steps::run(&kind, &context)).await
    }

    /// Asks the replica, as a reader.
    pub(crate) fn ask(&self, query: &str) -> String {
        ask(&self.replica(), query)
    }

    /// The replica's manifest, as a reader finds it.
    pub(crate) fn manifest(&self) -> Manifest {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("replica").join(PUBLISHED[2])).unwrap()).unwrap()
    }

    /// What lies among its generations.
    pub(crate) fn generations(&self) -> Vec<String> {
        names_in(&self.folder.path().join("replica").join(PUBLISHED[1]))
    }

    /// What lies in the replica's folder.
    pub(crate) fn beside(&self) -> Vec<String> {
        names_in(&self.folder.path().join("replica"))
    }
}

/// A step that publishes the connection `market`.
pub(crate) fn publish_step(to: &str, method: PublishMethod) -> PublishStep {
    PublishStep {
        source: PublishSource::DuckDb { connection: "market".to_owned() },
        to: vec![to.into()],
        method,
        storage_version: "v1.4.0".to_owned(),
        checks: Vec::new(),
        keep: default_keep(),
        max_shrink: None,
        max_age: None,
        streams: 1,
    }
}

/// Runs statements on a DuckDB file and closes it.
pub(crate) async fn write(path: &Path, statements: &str) {
    let session = DuckDbFile::new(path.to_path_buf()).open(OpenMode::ReadWrite).await.unwrap();
    let statements = statements.to_owned();
    let stop = CancellationToken::new();
    session.run(&stop, "making a master", move |connection| connection.execute_batch(&statements)).await.unwrap();
    session.close().await.unwrap();
}

/// One value of a DuckDB file, as text.
pub(crate) fn ask(path: &Path, query: &str) -> String {
    value(&reader(path), query)
}

/// Opens a DuckDB file as a reader does.
pub(crate) fn reader(path: &Path) -> duckdb::Connection {
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
    duckdb::Connection::open_with_flags(path, config).unwrap()
}

/// One value, as text.
pub(crate) fn value(connection: &duckdb::Connection, query: &str) -> String {
    let query = format!("select coalesce(({query})::varchar, 'null')");
    connection.query_row(&query, [], |row| row.get(0)).unwrap()
}

/// Names of all files in a folder, hidden ones too.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const MASTER: &str = "
    create table prices as select range as id, 'A' || range % 50 as symbol, range * 0.01 as price from range(100000);
    create schema \"시장\";
    create table \"시장\".\"종목 \"\"x\"\".y\" (symbol varchar primary key, \"이름\" varchar not null default '없음');
    insert into \"시장\".\"종목 \"\"x\"\".y\" values ('005930', '삼성전자'), ('035720', '카카오');
    create view cheap as select * from prices where price < 1;
    create sequence numbers;
    create macro twice(a) as a * 2;";

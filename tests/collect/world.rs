//! A `collect` step with a folder, a server and a target of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use windlass::domain::failure::Failure;
use windlass::domain::ids::RunId;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{
    BodyFormat, CollectSource, CollectStep, Csv, Expect, FileSource, HttpRequest, HttpSource, Into, LoadColumns,
    LoadMode, NewColumns, StepKind,
};
use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::steps::{Connection, Environment, StepContext, StopSignal};

use crate::support::host::{MemoryHost, attempt};
use crate::support::{TestDatabase, server};

/// Where collected data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    DuckDb,
    Postgres,
}

/// Both.
pub(super) const BOTH: [To; 2] = [To::DuckDb, To::Postgres];

/// A step and its surroundings.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) step: CollectStep,
    pub(super) context: StepContext,
    pub(super) host: Arc<MemoryHost>,
    file: PathBuf,
    database: Option<TestDatabase>,
}

impl World {
    /// A step that replaces the table `t` by what the source has.
    pub(super) async fn new(to: To, source: CollectSource) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("market.db");
        let database = if to == To::Postgres { Some(server().database().await) } else { None };
        let connection = match &database {
            Some(database) => Connection::Postgres(database.server()),
            None => Connection::DuckDb(DuckDbFile::new(file.clone())),
        };
        let (context, host) = attempt(folder.path(), BTreeMap::from([("target".to_owned(), connection)]));
        let into = Into {
            connection: "target".into(),
            table: "t".into(),
            mode: LoadMode::Replace,
            key: Vec::new(),
            columns: Vec::new(),
            new_columns: NewColumns::Fail,
            load_columns: LoadColumns::default(),
        };
        let step = CollectStep { source, into, expect: Expect::default(), allow_empty: false };
        Self { folder, step, context, host, file, database }
    }

    /// A step that reads a file of that name and content.
    pub(super) async fn of_file(to: To, name: &str, content: impl AsRef<[u8]>) -> Self {
        let mut world = Self::new(to, http("http://127.0.0.1:1/", BodyFormat::Csv)).await;
        world.write(name, content);
        world.read_files(name);
        world
    }

    /// Writes a file into the folder.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Makes the step read files.
    pub(super) fn read_files(&mut self, path: &str) {
        self.step.source = CollectSource::File(FileSource {
            path: path.into(),
            format: None,
            records: None,
            csv: Csv::default(),
            bad_rows: None,
            only_new: false,
            max_bytes: None,
            base: self.folder.path().to_owned(),
        });
    }

    /// What the step says of its files.
    pub(super) fn files(&mut self) -> &mut FileSource {
        let CollectSource::File(source) = &mut self.step.source else { panic!("the step doesn't read files") };
        source
    }

    /// Adds a connection.
    pub(super) fn connect(&mut self, name: &str, connection: Connection) {
        let known = &self.context.environment;
        let mut connections = known.connections.clone();
        connections.insert(name.to_owned(), connection);
        let environment =
            Environment { connections, spool: known.spool.clone(), env: known.env.clone(), ..Environment::default() };
        self.context.environment = Arc::new(environment);
    }

    /// Runs one attempt.
    pub(super) async fn attempt(&self) -> Result<Outcome, Failure> {
        windlass::steps::run(&StepKind::Collect(Box::new(self.step.clone())), &self.context).await
    }

    /// Runs the only attempt of a run; whatever comes of it, nothing may be left in the spool.
    pub(super) async fn run(&self) -> Result<Outcome, Failure> {
        let result = self.attempt().await;
        windlass::steps::clear_spool(&self.context.environment, self.context.run).unwrap();
        self.assert_nothing_left().await;
        result
    }

    /// The failure of an attempt that must fail.
    pub(super) async fn failure(&self) -> Failure {
        self.run().await.expect_err("the step should fail")
    }

    /// Another attempt of the same step in the same run.
    pub(super) fn next_attempt(&mut self) {
        self.context.attempt += 1;
        self.context.stop = StopSignal::new();
    }

    /// The first attempt of another run.
    pub(super) fn next_run(&mut self) {
        self.context.run = RunId(uuid::Uuid::now_v7());
        self.context.attempt = 1;
    }

    /// Runs so many runs of the step at once; the first one waits before its commit until it is there.
    pub(super) async fn at_once(&mut self, count: usize) -> Vec<Result<Outcome, Failure>> {
        let open = self.host.hold_gate();
        let runs: Vec<_> = (0..count)
            .map(|_| {
                self.next_run();
                (StepKind::Collect(Box::new(self.step.clone())), self.context.clone())
            })
            .collect();
        let all = runs.iter().map(|(step, context)| windlass::steps::run(step, context));
        let opened = async {
            self.host.gate_reached().await;
            self.host.open_gate();
            open.notify_one();
        };
        futures_util::future::join(futures_util::future::join_all(all), opened).await.0
    }

    /// Runs a statement on the target.
    pub(super) async fn execute(&self, sql: &str) {
        if let Some(database) = &self.database {
            return database.execute(sql).await;
        }
        let sql = sql.to_owned();
        self.duckdb(move |connection| connection.execute_batch(&sql)).await;
    }

    /// One value of the target, as text.
    pub(super) async fn value(&self, query: &str) -> String {
        if let Some(database) = &self.database {
            return database.value(query).await;
        }
        let query = format!("select ({query})::varchar");
        let value =
            self.duckdb(move |connection| connection.query_row(&query, [], |row| row.get::<_, Option<String>>(0)));
        value.await.unwrap_or_else(|| "null".to_owned())
    }

    /// Whether the target's DuckDB file exists.
    pub(super) fn file_exists(&self) -> bool {
        self.file.exists()
    }

    async fn duckdb<T: Send + 'static>(
        &self,
        work: impl FnOnce(&duckdb::Connection) -> duckdb::Result<T> + Send + 'static,
    ) -> T {
        let session = DuckDbFile::new(self.file.clone()).open(OpenMode::ReadWrite).await.unwrap();
        let value = session.run(&StopSignal::new(), "testing", work).await.unwrap();
        session.close().await.unwrap();
        value
    }

    /// The spool is empty and no hidden table is left.
    pub(super) async fn assert_nothing_left(&self) {
        let spool = self.folder.path().join("spool");
        let left: Vec<_> = std::fs::read_dir(spool).into_iter().flatten().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
        if let Some(database) = &self.database {
            let hidden = "select string_agg(relname, ', ') from pg_class \
                          where relname like 'windlass%' and relname !~ '^windlass_(marker|file)'";
            assert_eq!(database.value(hidden).await, "null");
        }
    }

    /// Ends the test.
    pub(super) async fn close(self) {
        if let Some(database) = self.database {
            Box::pin(database.close()).await;
        }
    }
}

/// A GET of that address.
pub(super) fn http(url: &str, format: BodyFormat) -> CollectSource {
    CollectSource::Http(Box::new(source(url, format)))
}

/// The same, to be changed: with pauses that a test can wait for.
pub(super) fn source(url: &str, format: BodyFormat) -> HttpSource {
    let mut source = HttpSource::new(HttpRequest::new("GET", url), format, 10_000_000);
    source.retry.delay = std::time::Duration::from_millis(5);
    source
}

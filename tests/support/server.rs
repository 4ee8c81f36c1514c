//! The PostgreSQL server that all tests of the process share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use windlass::postgres::Server;
use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use super::database::TestDatabase;
use super::keeper::Keeper;

/// An embedded server in a temporary folder. It and its folder go when the test process ends.
pub(crate) struct TestServer {
    embedded: Embedded,
    _keeper: Keeper,
}

/// The shared server, started by whoever asks first.
pub(crate) fn server() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| TestServer::start(None))
}

impl TestServer {
    /// Starts one, of the programs in that folder or else of those that are found.
    pub(super) fn start(programs: Option<PathBuf>) -> Self {
        // A thread of its own: a runtime can't be started inside the one that a test runs on.
        let starting = std::thread::spawn(|| {
            let keeper = Keeper::new();
            let settings = EmbeddedSettings { programs, ..EmbeddedSettings::new(keeper.path()) }
                .option("fsync", "off")
                .option("max_connections", "200")
                .option("max_worker_processes", "32")
                .option("max_parallel_workers", "24");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let embedded = runtime.block_on(Embedded::start(settings)).unwrap();
            Self { embedded, _keeper: keeper }
        });
        starting.join().unwrap()
    }

    /// Its major version.
    pub(crate) const fn major(&self) -> u32 {
        self.embedded.binaries().major
    }

    /// The folder of its programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.embedded.binaries().folder
    }

    /// A fresh database, dropped at the end of the test.
    pub(crate) async fn database(&self) -> TestDatabase {
        TestDatabase::make(&self.embedded).await
    }

    /// A database of that name.
    pub(crate) fn server(&self, database: &str) -> Server {
        self.embedded.server(database)
    }
}

//! The step kind `copy_to_staging`, from one real database to another.

mod content;
mod every_type;
mod faults;
mod kill;
mod many;
mod pooler;
mod refusals;
mod staying;
mod stopping;
mod versions;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use windlass::domain::failure::Failure;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CopySource, CopyStep, CopySwap, CopyTarget, CopyVerify, LoadMode, StepKind};
use windlass::steps::{Connection, Environment, StepContext};

use crate::support::host::{MemoryHost, attempt};
use crate::support::{TestDatabase, TestServer, eventually, server};

/// A source and a target, and a step between them.
struct Copy {
    source: TestDatabase,
    target: TestDatabase,
    step: CopyStep,
    context: StepContext,
    host: Arc<MemoryHost>,
}

impl Copy {
    /// A step that copies `table`; both databases are prepared by the statements given.
    async fn of(table: &str, to: &str, source_sql: &str, target_sql: &str) -> Self {
        Self::between([server(), server()], table, to, source_sql, target_sql).await
    }

    /// The same, from a database of one server to one of another.
    async fn between(
        [from, onto]: [&TestServer; 2],
        table: &str,
        to: &str,
        source_sql: &str,
        target_sql: &str,
    ) -> Self {
        let (source, target) = tokio::join!(from.database(), onto.database());
        Self::from_to(source, target, table, to, source_sql, target_sql).await
    }

    /// The same, from the one database to the other.
    async fn from_to(
        source: TestDatabase,
        target: TestDatabase,
        table: &str,
        to: &str,
        source_sql: &str,
        target_sql: &str,
    ) -> Self {
        source.execute(source_sql).await;
        target.execute(target_sql).await;
        let connections = BTreeMap::from([
            ("source".to_owned(), Connection::Postgres(source.server())),
            ("warehouse".to_owned(), Connection::Postgres(target.server())),
        ]);
        let (context, host) = attempt(Path::new("/nonexistent"), connections);
        let table = CopySource::Table { table: table.into(), columns: Vec::new(), condition: None };
        let step = CopyStep {
            from: "source".into(),
            source: table.into(),
            to: "warehouse".into(),
            target: CopyTarget::Table(to.into()),
            mode: LoadMode::Replace,
            key: Vec::new(),
            swap: CopySwap::Rename,
            streams: 1,
            split_by: None,
            unlogged: false,
            verify: CopyVerify::Rows,
        };
        Self { source, target, step, context, host }
    }

    /// Makes the step read from another server than the source's.
    fn read_from(&mut self, server: windlass::postgres::Server) {
        let mut connections = self.context.environment.connections.clone();
        connections.insert("source".to_owned(), Connection::Postgres(server));
        let spool = self.context.environment.spool.clone();
        self.context.environment = Arc::new(Environment { connections, spool, ..Environment::default() });
    }

    /// Runs one attempt.
    async fn run(&self) -> Result<Outcome, Failure> {
        windlass::steps::run(&StepKind::CopyToStaging(self.step.clone()), &self.context).await
    }

    /// The failure of an attempt that must fail; nothing hidden may be left.
    async fn failure(&self) -> Failure {
        let failure = self.run().await.expect_err("the copy should fail");
        self.assert_nothing_left().await;
        failure
    }

    /// No session of the run and no hidden table is left on either side.
    async fn assert_nothing_left(&self) {
        for side in [&self.source, &self.target] {
            assert_eq!(side.value("select count(*) from pg_class where relname like 'windlass\\_0%'").await, "0");
            let mine = format!(
                "select count(*) from pg_stat_activity where application_name like '{}/%'",
                self.context.mark()
            );
            // A session that has said goodbye takes the server a moment to clear away.
            eventually("no session is left", async || side.value(&mine).await == "0").await;
        }
    }

    /// Ends a test whose step left its marker beside the table.
    async fn close_with_marker(self) {
        assert_eq!(self.target.value("select count(*) > 0 from windlass_marker").await, "true");
        self.close().await;
    }

    async fn close(self) {
        tokio::join!(self.source.close(), self.target.close());
    }
}

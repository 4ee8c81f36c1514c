//! The step kind `sql` on a DuckDB file.

use std::collections::BTreeMap;
use std::sync::Arc;

use tempfile::TempDir;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{RowBounds, SqlStep, StepKind};
use windlass::duckdb::DuckDbFile;
use windlass::steps::{Connection, StepContext};

use super::process::Other;
use crate::publish::world::{ask, names_in, write};
use crate::support::host::{MemoryHost, attempt};

/// A file `market.db` and attempts to run statements on it.
struct World {
    folder: TempDir,
    context: StepContext,
    host: Arc<MemoryHost>,
}

impl World {
    async fn new(statements: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("market.db");
        write(&path, statements).await;
        let market = Connection::DuckDb(DuckDbFile::new(path));
        let (context, host) = attempt(folder.path(), BTreeMap::from([("market".to_owned(), market)]));
        Self { folder, context, host }
    }

    async fn run(&self, statement: &str) -> Result<Outcome, Failure> {
        self.run_expecting(statement, None).await
    }

    async fn run_expecting(&self, statement: &str, expect_rows: Option<RowBounds>) -> Result<Outcome, Failure> {
        let step = SqlStep { connection: "market".to_owned(), statement: statement.into(), expect_rows };
        Box::pin(windlass::steps::run(&StepKind::Sql(step), &self.context)).await
    }

    fn ask(&self, query: &str) -> String {
        ask(&self.folder.path().join("market.db"), query)
    }
}

#[tokio::test]
async fn all_statements_run_in_order_and_the_last_ones_rows_count() {
    let world = World::new("create table t as select range i from range(10)").await;
    for (statement, rows) in [
        ("create table \"지표; x\" (i int); insert into \"지표; x\" select 1 from t; -- done;\n", 10),
        ("update t set i = i + 1 where i > 100", 0),
        ("delete from t where i < 3", 3),
        ("select * from t", 7),
        ("select 0 as \"Count\" from t", 7),
        ("create table c as from range(5)", 5),
        ("insert into t values (7); create or replace view v as select 1", 0),
        ("select {{ params.who }} as who", 1),
    ] {
        assert_eq!(world.run(statement).await.unwrap().rows, Some(rows), "{statement}");
        assert_eq!(names_in(world.folder.path()), ["market.db"], "no log stays");
    }
    assert_eq!(world.ask("select count(*) from \"지표; x\""), "10");
}

#[tokio::test]
async fn a_failing_statement_is_named_and_undoes_those_before_it() {
    let world = World::new("create table t (i int)").await;
    let failure = world.run("insert into t values (1);\n\ninsert into t\nvalues ('x')").await.unwrap_err();
    assert_eq!((failure.code, failure.side), (Code::DuckDbStatement, Side::Target), "{failure}");
    assert!(failure.message.starts_with("statement 2 of 2, line 3: `insert into t values ('x')`"), "{failure}");
    assert!(failure.message.contains("Conversion Error"), "{failure}");
    let too_few = Some(RowBounds { min: Some(2), max: None });
    let failure = world.run_expecting("insert into t values (1)", too_few).await.unwrap_err();
    assert_eq!(failure.code, Code::Expectation, "{failure}");
    for statement in ["insert into t values (1); commit; insert into t values (2)", "begin", " -- nothing\n;"] {
        let failure = world.run(statement).await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::DuckDbStatement, FailureClass::Permanent), "{failure}");
    }
    assert_eq!(world.ask("select count(*) from t"), "0");
}

#[tokio::test]
async fn nothing_is_committed_for_a_run_that_is_no_longer_ours() {
    let world = World::new("create table t (i int)").await;
    *world.host.gate.lock().unwrap() = Some(Failure::permanent(Code::NotOwner, Side::Internal, "no longer ours"));
    assert_eq!(world.run("insert into t values (1)").await.unwrap_err().code, Code::NotOwner);
    assert_eq!(world.ask("select count(*) from t"), "0");
}

#[tokio::test]
async fn a_stop_interrupts_rolls_back_and_gives_the_file_back() {
    let world = World::new("create table t (i int)").await;
    let statements = "insert into t values (1); \
                      insert into t select sum(a.range * b.range) from range(100000000) a, range(100000) b";
    let stopping = async {
        world.host.progress_with(|progress| progress.phase == "statement 2 of 2").await;
        world.context.stop.cancel();
    };
    let (result, ()) = tokio::join!(world.run(statements), stopping);
    assert_eq!(result.unwrap_err().class, FailureClass::Cancelled);
    let path = world.folder.path().join("market.db");
    assert_eq!(Other::start("hold", &[path.to_str().unwrap(), "write"]).hear(), "open");
    assert_eq!(world.ask("select count(*) from t"), "0");
    assert_eq!(names_in(world.folder.path()), ["market.db"], "neither a log nor a spilled file stays");
}

#[tokio::test]
async fn steps_on_one_file_take_turns() {
    let world = World::new("create table t (i int)").await;
    let gate = world.host.hold_gate();
    let other = async {
        world.host.gate_reached().await;
        let path = world.folder.path().join("market.db");
        let market = Connection::DuckDb(DuckDbFile::new(path));
        let (context, _host) = attempt(world.folder.path(), BTreeMap::from([("market".to_owned(), market)]));
        let statement = "insert into t select max(i) + 1 from t";
        let step = SqlStep { connection: "market".to_owned(), statement: statement.into(), expect_rows: None };
        let kind = StepKind::Sql(step);
        let second = Box::pin(windlass::steps::run(&kind, &context));
        // It can't begin before the first has committed, which it does once the gate opens.
        let (second, ()) = tokio::join!(second, async { gate.notify_one() });
        second.unwrap();
    };
    let (first, ()) = tokio::join!(world.run("insert into t values (1)"), other);
    first.unwrap();
    assert_eq!(world.ask("select string_agg(i, ',' order by i) from t"), "1,2");
}

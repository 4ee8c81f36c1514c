//! The step kind `sql` on a real PostgreSQL server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{RowBounds, SqlStep, StepKind};
use windlass::steps::{Connection, StepContext};

use crate::support::host::{MemoryHost, attempt};
use crate::support::{TestDatabase, server};

struct Statements {
    database: TestDatabase,
    context: StepContext,
    host: Arc<MemoryHost>,
    expect_rows: Option<RowBounds>,
}

impl Statements {
    async fn on(prepared: &str) -> Self {
        let database = server().database().await;
        database.execute(prepared).await;
        let connections = BTreeMap::from([("pg".to_owned(), Connection::Postgres(database.server()))]);
        let (context, host) = attempt(Path::new("/nonexistent"), connections);
        Self { database, context, host, expect_rows: None }
    }

    async fn run(&self, statement: &str) -> Result<Outcome, Failure> {
        let step = SqlStep { connection: "pg".into(), statement: statement.into(), expect_rows: self.expect_rows };
        windlass::steps::run(&StepKind::Sql(step), &self.context).await
    }

    async fn failure(&self, statement: &str) -> Failure {
        self.run(statement).await.expect_err("the statements should fail")
    }

    async fn rows(&self) -> String {
        self.database.value("select count(*) from t").await
    }
}

#[tokio::test]
async fn all_statements_take_effect_together() {
    let test = Statements::on("create table t (a text)").await;
    let text = "-- 첫 줄; not a statement\ncreate temp table x on commit drop as select {{ params.who }} as a;\n\
                insert into t select a from x; insert into t values (';'), ($$;$$) returning a;";
    assert_eq!(test.run(text).await.unwrap().rows, Some(2));
    assert_eq!(
        test.database.value("select string_agg(a, ',' order by a collate \"C\") from t").await,
        "$HOME; 'a b',;,;"
    );
    test.database.close().await;
}

#[tokio::test]
async fn an_error_names_statement_and_line_and_rolls_all_back() {
    let test = Statements::on("create table t (a int primary key)").await;
    let failure = test.failure("insert into t values (1);\n\ninsert into t\nvalues (2),\n  (b);\nselect 1").await;
    assert_eq!((failure.code, failure.side), (Code::PostgresStatement, Side::Target), "{failure:?}");
    assert!(failure.message.starts_with("statement 2 of 3, line 5: `insert into t values (2), (b)`"), "{failure}");
    assert!(failure.message.contains("column \"b\" does not exist"), "{failure}");
    let failure = test.failure("insert into t values (1);\ninsert into t values (1)").await;
    assert_eq!((failure.code, failure.class), (Code::PostgresData, FailureClass::Permanent));
    assert!(failure.message.starts_with("statement 2 of 2, line 2"), "{failure}");
    assert_eq!(test.rows().await, "0");
    test.database.close().await;
}

#[tokio::test]
async fn statements_that_end_the_transaction_are_refused_before_anything_runs() {
    let test =
        Statements::on("create table t (a int); create procedure p() language plpgsql as 'begin commit; end'").await;
    for ending in ["commit", "/* x */ ROLLBACK", "end;", "begin", "start transaction", "prepare transaction 'x'"] {
        let failure = test.failure(&format!("insert into t values (1);\n{ending};\ninsert into t values (2)")).await;
        assert_eq!(failure.code, Code::PostgresStatement, "{ending}: {failure:?}");
        assert!(failure.message.starts_with("line 2: "), "{failure}");
    }
    let failure = test.failure("insert into t values (1); call p()").await;
    assert!(failure.message.contains("invalid transaction termination"), "{failure}");
    assert_eq!(test.rows().await, "0");
    let kept = "insert into t values (1); savepoint s; insert into t values (2); rollback to s";
    test.run(kept).await.unwrap();
    assert_eq!(test.rows().await, "1");
    for nothing in ["", " ; -- only a comment"] {
        assert_eq!(test.failure(nothing).await.code, Code::PostgresStatement);
    }
    test.database.close().await;
}

#[tokio::test]
async fn rows_outside_their_bounds_roll_back() {
    let mut test = Statements::on("create table t (a int)").await;
    test.expect_rows = Some(RowBounds { min: Some(2), max: None });
    let failure = test.failure("insert into t values (1)").await;
    assert_eq!(failure.code, Code::Expectation);
    assert!(failure.message.contains("expected at least 2 rows, found 1"), "{failure}");
    assert_eq!(test.rows().await, "0");
    assert_eq!(test.run("insert into t values (1), (2)").await.unwrap().rows, Some(2));
    test.database.close().await;
}

#[tokio::test]
async fn copy_through_the_client_is_refused_and_holds_nothing() {
    let test = Statements::on("create table t (a int)").await;
    for copy in ["copy t from stdin", "copy t to stdout"] {
        let failure = test.failure(copy).await;
        assert_eq!((failure.code, failure.class), (Code::PostgresOther, FailureClass::Permanent), "{failure:?}");
        assert!(failure.message.contains("COPY to or from the client"), "{failure}");
    }
    test.database.close().await;
}

#[tokio::test]
async fn a_stop_cancels_on_the_server_and_the_gate_holds_the_commit() {
    let mut test = Statements::on("create table t (a int)").await;
    let stopping = async {
        crate::support::eventually("the statement runs", async || {
            let running = format!(
                "select count(*) from pg_stat_activity where application_name = '{}' and query like 'select pg_sleep%'",
                test.context.application_name("target")
            );
            test.database.value(&running).await == "1"
        })
        .await;
        test.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(test.failure("insert into t values (1); select pg_sleep(600)"), stopping);
    assert_eq!(failure, Failure::stopped());
    test.context.stop = windlass::steps::StopSignal::new();
    let held = test.host.hold_gate();
    let opening = async {
        test.host.gate_reached().await;
        assert_eq!(test.rows().await, "0", "not yet committed");
        held.notify_one();
    };
    let (outcome, ()) = tokio::join!(test.run("insert into t values (1)"), opening);
    outcome.unwrap();
    assert_eq!(test.rows().await, "1");
    *test.host.gate.lock().unwrap() = Some(Failure::bug("no longer ours"));
    assert_eq!(test.failure("insert into t values (2)").await, Failure::bug("no longer ours"));
    assert_eq!(test.rows().await, "1");
    test.database.close().await;
}

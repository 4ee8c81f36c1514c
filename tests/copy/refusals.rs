//! What can't be copied is refused in clear words, and the staging table stays as it was.

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::step::{CopySource, CopyTarget};
use windlass::postgres::Server;
use windlass::steps::{Connection, Environment};

use super::Copy;

fn assert_failure(failure: &Failure, code: Code, side: Side, words: &[&str]) {
    assert_eq!((failure.code, failure.side, failure.class), (code, side, FailureClass::Permanent), "{failure:?}");
    for word in words {
        let told = format!("{} {}", failure.message, failure.hint.as_deref().unwrap_or_default());
        assert!(told.contains(word), "`{word}` is missing: {failure:?}");
    }
}

#[tokio::test]
async fn a_missing_table_column_or_schema_is_named() {
    let mut copy = Copy::of("Orders", "t", "create table orders (a int)", "").await;
    assert_failure(
        &copy.failure().await,
        Code::PostgresStatement,
        Side::Source,
        &["\"Orders\" does not exist", "literally"],
    );
    let columns = vec!["A".to_owned()];
    copy.step.source = CopySource::Table { table: "orders".into(), columns, condition: None }.into();
    assert_failure(&copy.failure().await, Code::PostgresStatement, Side::Source, &["column \"A\" does not exist"]);
    copy.step.source = CopySource::Query("select a, a from orders".into()).into();
    assert_failure(&copy.failure().await, Code::CopyShape, Side::Source, &["two columns `a`"]);
    copy.step.source = CopySource::Query("select from orders where".into()).into();
    assert_failure(&copy.failure().await, Code::PostgresStatement, Side::Source, &["syntax error"]);
    copy.step.source = CopySource::Table { table: "orders".into(), columns: Vec::new(), condition: None }.into();
    copy.step.target = CopyTarget::Table("없는 곳.t".into());
    assert_failure(&copy.failure().await, Code::PostgresStatement, Side::Target, &["create schema \"없는 곳\""]);
    copy.close().await;
}

#[tokio::test]
async fn a_missing_privilege_is_told_before_data_moves() {
    let mut copy =
        Copy::of("t", "t", "create table t (a int)", "create table t (a int); insert into t values (7)").await;
    let role = format!("weak_{}", copy.source.name());
    copy.source.execute(&format!("create role {role} login")).await;
    let as_weak = |server: &Server| {
        let mut config = server.config().clone();
        config.user(&role);
        Connection::Postgres(Server::from_config(config))
    };
    let mut connections = copy.context.environment.connections.clone();
    connections.insert("weak source".into(), as_weak(&copy.source.server()));
    connections.insert("weak target".into(), as_weak(&copy.target.server()));
    let spool = copy.context.environment.spool.clone();
    copy.context.environment = std::sync::Arc::new(Environment { connections, spool, ..Environment::default() });
    copy.step.from = "weak source".into();
    assert_failure(&copy.failure().await, Code::PostgresPrivilege, Side::Source, &["permission denied for table t"]);
    (copy.step.from, copy.step.to) = ("source".into(), "weak target".into());
    assert_failure(&copy.failure().await, Code::PostgresPrivilege, Side::Target, &["must be owner"]);
    copy.step.target = CopyTarget::Table("fresh".into());
    assert_failure(
        &copy.failure().await,
        Code::PostgresPrivilege,
        Side::Target,
        &["permission denied for schema public"],
    );
    assert_eq!(copy.target.value("select a from t").await, "7");
    copy.source.execute(&format!("drop role {role}")).await;
    copy.close().await;
}

#[tokio::test]
async fn a_type_that_only_the_source_has_is_named() {
    let copy = Copy::of(
        "t",
        "t",
        "create schema x; create type x.mood as enum ('a'); create table t (a int, \"기분\" x.mood)",
        "",
    )
    .await;
    assert_failure(
        &copy.failure().await,
        Code::CopyShape,
        Side::Target,
        &["`x.mood` of column `기분`", "create the type"],
    );
    copy.close().await;
}

#[tokio::test]
async fn a_row_that_the_target_refuses_is_shown_with_its_line() {
    // A source without end: the refusal must not wait for it.
    let endless = Copy::of(
        "endless",
        "t",
        "create view endless as select generate_series(1, 2000000000) as a, repeat('x', 500) as b",
        "create table t (a int, b text, constraint \"작다\" check (a < 3)); insert into t values (1, 'old')",
    )
    .await;
    let failure = endless.failure().await;
    assert_failure(&failure, Code::PostgresData, Side::Target, &["\"작다\"", "line 3", "relation \"t\"", "COPY t"]);
    assert_eq!(failure.sqlstate.as_deref(), Some("23514"));
    assert_eq!(endless.target.value("select string_agg(b, '') from t").await, "old");
    endless.close().await;
}

#[tokio::test]
async fn what_hangs_on_the_staging_table_is_named_before_data_moves() {
    let copy = Copy::of(
        "t",
        "t",
        "create table t (a int)",
        "create table t (a int); insert into t values (7); create view \"보고서\" as select * from t",
    )
    .await;
    assert_failure(&copy.failure().await, Code::SwapBlocked, Side::Target, &["view public.\"보고서\"", "drop them"]);
    assert!(!copy.host.progress.lock().unwrap().iter().any(|one| one.phase.starts_with("copying")));
    assert_eq!(copy.target.value("select a from \"보고서\"").await, "7");
    copy.close().await;
}

#[tokio::test]
async fn a_value_in_a_condition_can_not_become_sql() {
    let mut copy = Copy::of("t", "t", "create table t (a text); insert into t values ('x')", "").await;
    copy.context.scope.params.insert("who".into(), "x') or true; drop table t; --".into());
    copy.step.source =
        CopySource::Table { table: "t".into(), columns: Vec::new(), condition: Some("a = {{ params.who }}".into()) }
            .into();
    assert_eq!(copy.run().await.unwrap().rows, Some(0));
    assert_eq!(copy.source.value("select count(*) from t").await, "1");
    copy.close().await;
}

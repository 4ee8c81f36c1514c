use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass};
use windlass::domain::step::CtasMode;

use super::fixture::{attempts, on, prepare, run, slow, step};
use crate::support::{TestDatabase, server};

async fn refused(database: &TestDatabase, query: &str) -> Failure {
    let (context, host) = on(&database.server());
    let failure = run(&step("result", query, 4, 2, 5), &context).await.unwrap_err();
    assert_eq!(attempts(&host), [], "no attempt is made");
    assert_eq!(database.value("to_regclass('result')").await, "null");
    failure
}

#[tokio::test]
async fn a_query_that_postgresql_will_not_run_in_parallel_fails_at_once_with_the_reason() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database
        .execute(
            "create function \"순번\"(int) returns int language plpgsql as 'begin return $1; end';
             create temp table here as select 1 as id;
             create table small as select 1 as id;",
        )
        .await;
    let cases = [
        ("select \"순번\"(id) from pages", "marked parallel unsafe", "parallel safe"),
        ("select id from pages for update", "FOR UPDATE", "FOR UPDATE"),
        ("select 1 as id", "no table", "workers.minimum"),
    ];
    for (query, reason, hint) in cases {
        let failure = refused(&database, query).await;
        assert_eq!((failure.code, failure.class), (Code::NotParallel, FailureClass::Permanent), "{query}");
        assert!(failure.message.contains("plans the query with 0 parallel workers"), "{}", failure.message);
        assert!(failure.message.contains(reason), "{}", failure.message);
        assert!(failure.hint.unwrap().contains(hint), "{query}");
    }
    database.close().await;
}

#[tokio::test]
async fn a_table_that_is_too_small_is_named_with_the_size_that_would_do() {
    let database = server().database().await;
    database.execute("create table orders as select g as id from generate_series(1, 1000) g; analyze orders").await;
    let failure = refused(&database, "select count(*) from orders").await;
    assert_eq!(failure.code, Code::NotParallel);
    assert!(failure.message.contains("orders, has 40 kB"), "{}", failure.message);
    assert!(failure.message.contains("24 MB or more"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("alter table orders set (parallel_workers = 2)"));
    database.close().await;
}

#[tokio::test]
async fn a_wrong_query_is_refused_in_the_servers_words() {
    let database = server().database().await;
    let cases = [
        ("selekt 1", Code::PostgresStatement, "42601"),
        ("select * from nowhere", Code::PostgresStatement, "42P01"),
        ("select 1; drop table pages", Code::PostgresStatement, "42601"),
    ];
    for (query, code, sqlstate) in cases {
        let failure = refused(&database, query).await;
        assert_eq!((failure.code, failure.sqlstate.as_deref()), (code, Some(sqlstate)), "{query}");
    }
    database.close().await;
}

#[tokio::test]
async fn places_where_no_table_can_be_put_are_found_before_anything_runs() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database.execute("create table taken (a int); create view seen as select 1 as a").await;
    let (context, host) = on(&database.server());
    let query = slow(0.01);
    let mut existing = step("taken", &query, 2, 1, 1);
    existing.mode = CtasMode::FailIfExists;
    let failure = run(&existing, &context).await.unwrap_err();
    assert_eq!(failure.sqlstate.as_deref(), Some("42P07"));
    assert!(failure.hint.unwrap().contains("mode: replace"));
    let failure = run(&step("seen", &query, 2, 1, 1), &context).await.unwrap_err();
    assert_eq!(failure.code, Code::SwapBlocked);
    let failure = run(&step("nowhere.result", &query, 2, 1, 1), &context).await.unwrap_err();
    assert_eq!(failure.sqlstate.as_deref(), Some("3F000"));
    assert_eq!(attempts(&host), []);
    database.close().await;
}

#[tokio::test]
async fn a_missing_privilege_on_the_schema_is_found_before_anything_runs() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let role = format!("reader_{}", database.name());
    database.execute(&format!("create role {role} login; grant select on pages to {role}; create schema mart; grant usage on schema mart to {role}")).await;
    let mut config = database.server().config().clone();
    config.user(&role);
    let (context, host) = on(&windlass::postgres::Server::from_config(config));
    let failure = run(&step("mart.result", &slow(0.01), 2, 1, 1), &context).await.unwrap_err();
    assert_eq!(failure.code, Code::PostgresPrivilege);
    assert!(failure.hint.unwrap().contains("grant create on schema \"mart\""));
    assert_eq!(attempts(&host), []);
    database.execute(&format!("drop owned by {role}; drop role {role}")).await;
    database.close().await;
}

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass};
use windlass::domain::step::CtasMode;

use super::fixture::{attempts, on, prepare, run, slow, step, user};
use crate::support::{TestDatabase, server};

async fn refused(database: &TestDatabase, query: &str, minimum: u32) -> Failure {
    let (context, host) = on(&database.server());
    let failure = run(&step("result", query, 4, minimum, 5), &context).await.unwrap_err();
    assert_eq!(attempts(&host), [], "no attempt is made: {query}");
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
             create function \"순번\"(text) returns int parallel safe language sql as 'select 1';
             create function mine(int) returns int parallel restricted language plpgsql as 'begin return $1; end';
             create function join_two(int, int) returns int language sql as 'select $1 + $2';
             create aggregate total(int) (sfunc = join_two, stype = int);
             create operator |@| (function = join_two, leftarg = int, rightarg = int);
             create domain positive as int check (value > 0);
             create view seen as select \"순번\"(id) as id from pages;
             create sequence numbers;
             create table alone (id int) with (parallel_workers = 0);
             insert into alone select generate_series(1, 100000);
             create extension file_fdw;
             create server files foreign data wrapper file_fdw;
             create foreign table outside (id int) server files options (filename '/etc/hostname');",
        )
        .await;
    let cases = [
        ("select \"순번\"(id) from pages", "calls \"순번\"(integer), which is marked parallel unsafe", "parallel safe"),
        ("select id from seen", "calls \"순번\"(integer), which is marked parallel unsafe", "parallel safe"),
        ("select total(id) from pages", "calls total(integer), which is marked parallel unsafe", "parallel safe"),
        ("select id |@| 1 as id from pages", "calls join_two(integer,integer), which", "parallel safe"),
        (
            "select id from pages where mine(id) > 0",
            "calls mine(integer), which is marked parallel restricted",
            "step before",
        ),
        ("select nextval('numbers') from pages", "calls nextval(regclass), which", "comes with PostgreSQL"),
        ("select id from pages where id::positive > 1", "into a domain", "type below the domain"),
        ("select id from pages for update", "FOR UPDATE", "FOR UPDATE"),
        (
            "with new as (insert into pages values (0, '') returning id) select * from new",
            "changes rows",
            "`sql` step before",
        ),
        ("select id from outside", "foreign table \"public\".\"outside\"", "copy_to_staging"),
        (
            "with recursive n as (select 1 as id union all select id + 1 from n where id < 9) select id from n",
            "recursive",
            "step",
        ),
        ("select count(*) from alone", "parallel_workers of the largest table that it reads, alone, is 0", "reset"),
        ("select 1 as id", "no table", "workers.minimum"),
    ];
    for (query, reason, hint) in cases {
        let failure = refused(&database, query, 2).await;
        assert_eq!((failure.code, failure.class), (Code::NotParallel, FailureClass::Permanent), "{query}");
        assert!(failure.message.contains("plans the query with 0 parallel workers"), "{}", failure.message);
        assert!(failure.message.contains(reason), "{query}: {}", failure.message);
        assert!(failure.hint.as_ref().unwrap().contains(hint), "{query}: {failure:?}");
    }
    // Several reasons are told at once: mending one after the other would take as many runs.
    let both = refused(&database, "select \"순번\"(id) from pages for update", 2).await;
    assert!(both.message.contains("FOR UPDATE") && both.message.contains("순번"), "{both}");
    database.close().await;
}

#[tokio::test]
async fn a_policy_of_a_table_that_calls_an_unsafe_function_is_found_for_those_it_holds_for() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let role = format!("tenant_{}", database.name());
    database
        .execute(&format!(
            "create function visible(int) returns bool language plpgsql as 'begin return $1 > 0; end';
             alter table pages enable row level security;
             create policy mine on pages using (visible(id));
             create role {role} login; grant select on pages to {role}; grant create on schema public to {role}"
        ))
        .await;
    let (context, _) = on(&user(&database.server(), &role));
    let step = step("result", "select id from pages", 2, 1, 1);
    let failure = run(&step, &context).await.unwrap_err();
    assert!(failure.message.contains("calls visible(integer), which is marked parallel unsafe"), "{failure}");
    let (context, _) = on(&database.server());
    run(&step, &context).await.unwrap();
    database.execute(&format!("drop owned by {role}; drop role {role}")).await;
    database.close().await;
}

#[tokio::test]
async fn a_table_that_is_too_small_is_named_with_the_size_that_would_do() {
    let database = server().database().await;
    database.execute("create table orders as select g as id from generate_series(1, 1000) g; analyze orders").await;
    let failure = refused(&database, "select count(*) from orders", 3).await;
    assert_eq!(failure.code, Code::NotParallel);
    assert!(failure.message.contains("with 2 parallel workers; at least 3 are needed"), "{}", failure.message);
    assert!(failure.message.contains("orders, has 40 kB"), "{}", failure.message);
    assert!(failure.message.contains("72 kB or more"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("alter table orders set (parallel_workers = 3)"));
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
        let failure = refused(&database, query, 2).await;
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
    let (context, host) = on(&user(&database.server(), &role));
    let failure = run(&step("mart.result", &slow(0.01), 2, 1, 1), &context).await.unwrap_err();
    assert_eq!(failure.code, Code::PostgresPrivilege);
    assert!(failure.hint.unwrap().contains("grant create on schema \"mart\""));
    assert_eq!(attempts(&host), []);
    database.execute(&format!("drop owned by {role}; drop role {role}")).await;
    database.close().await;
}

//! Queries on connections of our own as sources.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::{CollectSource, LoadMode, QuerySource};
use windlass::domain::template::SqlText;
use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::steps::{Connection, StopSignal};

use super::world::{BOTH, To, World};
use crate::support::server;

fn source(statement: &str) -> CollectSource {
    CollectSource::Query(QuerySource { connection: "source".to_owned(), statement: SqlText(statement.to_owned()) })
}

/// Rows of many types, as PostgreSQL makes them.
const ROWS: &str = "select n as id, case when n % 3 > 0 then '값 ' || n end as \"메모\", (n * 1.25)::numeric(10, 2) as amount, \
     timestamptz '2026-01-01 00:00+09' + n * interval '1 day' as at, jsonb_build_object('n', n) as doc, array[n, null] as list, \
     n % 2 = 0 as even from generate_series(1, 5000) as n -- and no more";

/// What came of them, the same in both databases.
const LOOK: &str = "select concat_ws(' ', count(*), sum(id), sum(amount), count(\"메모\"), min(\"메모\")) from t";

#[tokio::test]
async fn rows_of_postgresql_arrive_in_either_database() {
    for to in BOTH {
        let database = server().database().await;
        let mut world = World::new(to, source(ROWS)).await;
        world.connect("source", Connection::Postgres(database.server()));
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.bytes.is_some_and(|bytes| bytes > 100_000)), (Some(5000), true));
        assert_eq!(world.value(LOOK).await, "5000 12502500 15628125.00 3334 값 1");
        assert_eq!(
            world.value("select list::text || (doc::text) from t where id = 7").await,
            match to {
                To::DuckDb => "[7, NULL]{\"n\": 7}",
                To::Postgres => "[7, null]{\"n\": 7}",
            }
        );
        // What the table has decides, and a second load replaces the first.
        world.execute("drop table t").await;
        world.execute("create table t (id bigint, amount double precision)").await;
        world.step.source = source("select n as id, n::numeric as amount from generate_series(1, 3) n");
        world.next_run();
        assert_eq!(world.run().await.unwrap().rows, Some(3));
        assert_eq!(world.value("select sum(amount) from t").await, if to == To::DuckDb { "6.0" } else { "6" });
        world.close().await;
        // Fails if a session is still there.
        database.close().await;
    }
}

#[tokio::test]
async fn rows_of_a_duckdb_file_arrive_in_either_database() {
    for to in BOTH {
        let mut world = World::new(to, source("select * from prices where day < {{ params.before }}")).await;
        let file = DuckDbFile::new(world.folder.path().join("source.db"));
        let session = file.open(OpenMode::ReadWrite).await.unwrap();
        let make =
            "create table prices as select range as id, '종목 ' || range as name, range % 10 as day from range(1000)";
        session.run(&StopSignal::new(), "", move |connection| connection.execute_batch(make)).await.unwrap();
        session.close().await.unwrap();
        world.connect("source", Connection::DuckDb(file));
        world.context.scope.params.insert("before".to_owned(), "5".into());
        assert_eq!(world.run().await.unwrap().rows, Some(500));
        assert_eq!(world.value("select count(distinct name) || ' ' || sum(id) from t").await, "500 248500");
        world.close().await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_and_nothing_is_loaded() {
    let database = server().database().await;
    let mut world = World::new(To::DuckDb, source("select 1 as a")).await;
    world.connect("source", Connection::Postgres(database.server()));
    world.run().await.unwrap();
    for (statement, sqlstate, words) in [
        ("select b from nowhere", Some("42P01"), "nowhere"),
        ("select 1; select 2", None, "2 statements"),
        ("select 1 / (n - 4000) from generate_series(1, 5000) n", Some("22012"), "division by zero"),
        ("select 1 as a, 2 as a", None, "two columns `a`"),
        ("delete from pg_class", None, "no columns"),
    ] {
        world.step.source = source(statement);
        world.next_run();
        let failure = world.failure().await;
        assert!(failure.message.to_lowercase().contains(words) && failure.side == Side::Source, "{failure}");
        assert_eq!(
            (failure.class, sqlstate.is_none() || failure.sqlstate.as_deref() == sqlstate),
            (FailureClass::Permanent, true)
        );
    }
    assert_eq!(world.value("select sum(a) from t").await, "1");
    // An empty answer empties no table unless it may.
    world.step.source = source("select 1 as a where false");
    let failure = world.failure().await;
    assert_eq!(failure.code, Code::Expectation);
    world.step.into.mode = LoadMode::Append;
    assert_eq!(world.run().await.unwrap().rows, Some(0));
    database.close().await;
}

#[tokio::test]
async fn a_stop_ends_the_query_on_the_server() {
    let database = server().database().await;
    let mut world =
        World::new(To::DuckDb, source("select pg_sleep(0.001) is null as v from generate_series(1, 10000000)")).await;
    world.connect("source", Connection::Postgres(database.server()));
    let stopping = async {
        world.host.line_with("reading the query").await;
        world.context.stop.cancel();
    };
    let (result, ()) = tokio::join!(world.run(), stopping);
    assert_eq!(result.unwrap_err().class, FailureClass::Cancelled);
    assert!(!world.file_exists());
    database.close().await;
}

//! Several tables in one step, and several streams for one table: one moment of the source, one moment of the target.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::domain::step::{CopyRead, CopySource, CopyTarget, CopyVerify};

use super::Copy;

/// Reads tables by name or pattern into the schema `staging`.
fn tables(copy: &mut Copy, patterns: &[&str]) {
    copy.step.source = CopyRead::Tables(patterns.iter().map(|pattern| (*pattern).into()).collect());
    copy.step.target = CopyTarget::Schema("staging".into());
}

#[tokio::test]
async fn patterns_choose_tables_and_all_of_them_change_at_once() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create schema sales; create schema other;
         create table sales.orders as select g as id, g * 2 as amount from generate_series(1, 1000) g;
         create table sales.\"주문_내역\" as select g as id, '값 ' || g as v from generate_series(1, 500) g;
         create table sales.tmp_1 (a int); create table other.orders (a int); create table alone as select 7 as a;
         create table sales.parts (day int, v text) partition by range (day);
         create table sales.parts_1 partition of sales.parts for values from (0) to (10);
         create table sales.parts_2 partition of sales.parts for values from (10) to (20);
         insert into sales.parts select g % 20, 'x' || g from generate_series(1, 400) g;
         create view sales.seen as select 1 as a",
        "create schema staging; create table staging.orders (id int, amount int); insert into staging.orders values (1, 1)",
    )
    .await;
    tables(&mut copy, &["sales.*", "alone", "!sales.tmp_*"]);
    copy.step.verify = CopyVerify::Checksum;
    let outcome = copy.run().await.unwrap();
    let rows: Vec<(&str, u64)> = outcome.tables.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    assert_eq!(
        rows,
        [("staging.alone", 1), ("staging.orders", 1000), ("staging.parts", 400), ("staging.주문_내역", 500)]
    );
    assert_eq!((outcome.rows, outcome.verified.as_deref()), (Some(1901), Some("checksum")));
    assert!(outcome.lsn.is_some_and(|lsn| lsn.contains('/')));
    assert_eq!(copy.target.value("select sum(amount) from staging.orders").await, "1001000");
    assert_eq!(copy.target.value("select count(distinct day) from staging.parts").await, "20");
    copy.assert_nothing_left().await;

    tables(&mut copy, &["sales.orders", "other.orders"]);
    let failure = copy.failure().await;
    assert_eq!(failure.code, Code::CopyShape);
    assert!(failure.message.contains("would both go into staging.orders"), "{failure:?}");
    tables(&mut copy, &["nothing*"]);
    let failure = copy.failure().await;
    assert!(failure.message.contains("no table fits nothing*"), "{failure:?}");
    assert_eq!((failure.side, failure.sqlstate.as_deref()), (Side::Source, Some("42P01")));
    copy.close().await;
}

#[tokio::test]
async fn one_table_that_fails_leaves_all_as_they_were() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table a as select 1 as x; create table b as select 5 as x",
        "create schema staging; create table staging.a (x int); insert into staging.a values (7);
         create table staging.b (x int, constraint small check (x < 3)); insert into staging.b values (2)",
    )
    .await;
    tables(&mut copy, &["a", "b"]);
    copy.step.streams = 2;
    let failure = copy.failure().await;
    assert_eq!(failure.code, Code::PostgresData, "{failure:?}");
    assert!(failure.message.contains("\"small\""), "{failure:?}");
    assert_eq!(copy.target.value("select a.x || ',' || b.x from staging.a, staging.b").await, "7,2");
    copy.close().await;
}

#[tokio::test]
async fn readers_of_several_tables_see_one_moment_of_the_source() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table a as select 0 as x; create table b as select 0 as x",
        "create schema staging; create table staging.a as select 0 as x; create table staging.b as select 0 as x",
    )
    .await;
    tables(&mut copy, &["a", "b"]);
    copy.step.streams = 2;
    let (writer, reader) =
        (copy.source.server().connect("writer").await.unwrap(), copy.target.server().connect("reader").await.unwrap());
    let done = tokio_util::sync::CancellationToken::new();
    let writing = async {
        while !done.is_cancelled() {
            writer.execute("begin; update a set x = x + 1; update b set x = x + 1; commit", "counting").await.unwrap();
        }
    };
    let reading = async {
        let mut seen = 0;
        while !done.is_cancelled() {
            let row = reader.query_one("select a.x, b.x from staging.a, staging.b", &[], "reading").await.unwrap();
            let (a, b): (i32, i32) = (row.get(0), row.get(1));
            assert_eq!(a, b);
            assert!(a >= seen, "{a} after {seen}");
            seen = a;
        }
        seen
    };
    let copying = async {
        for _ in 0..5 {
            copy.run().await.unwrap();
        }
        done.cancel();
    };
    let ((), seen, ()) = tokio::join!(writing, reading, copying);
    assert!(seen > 0);
    tokio::join!(writer.close(), reader.close());
    copy.close().await;
}

/// A table of about 50 MiB, so that it is worth dividing.
const LARGE: &str =
    "create table t as select g as id, repeat(md5(g::text), 14) as v, case when g % 10 > 0 then g % 100 end as k
                     from generate_series(1, 100000) g; analyze t";

#[tokio::test]
async fn a_large_table_is_divided_among_streams_and_arrives_whole() {
    let mut copy = Copy::of("t", "t", LARGE, "create table t (id int primary key, v text, k int)").await;
    copy.step.streams = 3;
    copy.step.verify = CopyVerify::Checksum;
    let outcome = copy.run().await.unwrap();
    assert_eq!((outcome.rows, outcome.streams), (Some(100_000), Some(2)), "a part for each 32 MiB");
    assert!(copy.host.find("ctid <").is_some());
    assert_eq!(copy.target.value("select count(*) || ',' || sum(id) from t").await, "100000,5000050000");
    assert_eq!(copy.target.value("select indisprimary from pg_index where indrelid = 't'::regclass").await, "true");
    copy.assert_nothing_left().await;
    copy.close().await;
}

#[tokio::test]
async fn a_query_is_divided_by_the_values_of_a_column() {
    let mut copy = Copy::of("t", "t", LARGE, "").await;
    copy.step.source = CopySource::Query("select id, k, left(v, 9) as v from t -- why".into()).into();
    copy.step.streams = 2;
    for (column, divided) in [("id", "\"id\" >= "), ("k", "\"k\" is null"), ("v", "\"v\" < ")] {
        copy.step.split_by = Some(column.to_owned());
        let outcome = copy.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.streams), (Some(100_000), Some(2)), "{column}");
        assert!(copy.host.find(divided).is_some(), "{column}");
        assert_eq!(copy.target.value("select count(distinct id) from t").await, "100000");
    }
    copy.step.split_by = Some("없음".to_owned());
    let failure = copy.failure().await;
    assert!(failure.message.contains("no column `없음`"), "{failure:?}");
    copy.close().await;
}

#[tokio::test]
async fn a_stream_that_dies_stops_the_others_and_leaves_nothing() {
    let endless = "select generate_series(1, 2000000000) as g, repeat('값', 100) as b";
    let mut copy = Copy::of(
        "t",
        "t",
        &format!("create view v as {endless}; create view w as {endless}"),
        "create schema staging; create table staging.v (g int, b text); insert into staging.v values (7)",
    )
    .await;
    tables(&mut copy, &["v", "w"]);
    copy.step.streams = 2;
    for role in ["source-1", "target-1", "source", "target"] {
        let copying = async { copy.failure().await };
        let ending = async {
            copy.host.progress_with(|progress| progress.tables.len() == 2 && progress.rows > Some(1000)).await;
            let name = copy.context.application_name(role);
            let end = format!(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{name}'"
            );
            assert_eq!(copy.source.value(&end).await, "1", "{role}");
        };
        let (failure, ()) = tokio::join!(copying, ending);
        // Only now: the streams that are being stopped still tell how far they are.
        copy.host.progress.lock().unwrap().clear();
        let side = if role.starts_with("source") { Side::Source } else { Side::Target };
        assert_eq!((failure.side, failure.code), (side, Code::PostgresConnectionLost), "{role}: {failure:?}");
    }
    assert_eq!(copy.target.value("select g from staging.v").await, "7");
    copy.close().await;
}

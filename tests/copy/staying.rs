//! Rows into tables that stay: exchanged in place, added, replaced by key.

use windlass::domain::code::Code;
use windlass::domain::failure::Failure;
use windlass::domain::step::{CopySwap, CopyVerify, LoadMode};

use super::Copy;

#[tokio::test]
async fn in_place_keeps_what_hangs_on_the_table() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table t (id int, v text); insert into t values (1, '하나'), (3, '셋')",
        "create table t (id int generated always as identity primary key, v text, at timestamptz default now(), n int generated always as (1) stored);
         insert into t (v) values ('old'), ('gone'); create view \"보고서\" as select * from t",
    )
    .await;
    copy.step.swap = CopySwap::InPlace;
    copy.step.verify = CopyVerify::Checksum;
    let before = copy.target.value("select 't'::regclass::oid").await;
    assert_eq!(copy.run().await.unwrap().rows, Some(2));
    assert_eq!(copy.target.value("select string_agg(id || v, ',' order by id) from \"보고서\"").await, "1하나,3셋");
    assert_eq!(copy.target.value("select 't'::regclass::oid").await, before);
    assert!(copy.host.find("column `at` is not in the source").is_some());
    // Referred to by another table: rows are exchanged one by one, and one that is still needed stops it all.
    copy.target.execute("create table child (t int references t); insert into child values (1)").await;
    copy.source.execute("update t set v = 'new'; insert into t values (5, 'five'); delete from t where id = 3").await;
    assert_eq!(copy.run().await.unwrap().rows, Some(2));
    assert_eq!(copy.target.value("select string_agg(id || v, ',' order by id) from t").await, "1new,5five");
    copy.source.execute("delete from t where id = 1").await;
    let failure = copy.failure().await;
    assert_eq!((failure.code, failure.sqlstate.as_deref()), (Code::PostgresData, Some("23503")), "{failure:?}");
    assert_eq!(copy.target.value("select count(*) from t").await, "2");
    copy.close().await;
}

#[tokio::test]
async fn in_place_waits_for_readers_without_holding_up_others_and_says_who_they_are() {
    let mut copy = Copy::of("t", "t", "create table t as select 1 as a", "create table t as select 7 as a").await;
    copy.step.swap = CopySwap::InPlace;
    let reader = copy.target.server().connect("slow reader").await.unwrap();
    reader.execute("begin; select * from t", "reading").await.unwrap();
    let reading = async {
        copy.host.progress_with(|progress| progress.phase == "publishing").await;
        // Others still get through, however long the first one reads.
        for _ in 0..20 {
            assert_eq!(copy.target.value("select a from t").await, "7");
        }
        reader.execute("commit", "reading").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(copy.run(), reading);
    assert_eq!(outcome.unwrap().rows, Some(1));
    assert_eq!(copy.target.value("select a from t").await, "1");
    reader.close().await;
    copy.close().await;
}

#[tokio::test]
async fn rows_are_added_once_however_often_the_step_is_tried() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table t as select g as id, g::text as v from generate_series(1, 1000) g",
        "create table t (id bigint, v varchar(10)); insert into t values (0, 'zero')",
    )
    .await;
    copy.step.mode = LoadMode::Append;
    assert_eq!(copy.run().await.unwrap().rows, Some(1000));
    // The daemon died before it could record its success: the next attempt finds the marker.
    copy.context.attempt = 2;
    assert_eq!(copy.run().await.unwrap().rows, Some(1000));
    assert!(copy.host.find("an earlier attempt has committed").is_some());
    assert_eq!(copy.target.value("select count(*) || ',' || max(id) from t").await, "1001,1000");
    // Another run adds again; into a table that is not there, too.
    copy.context.run = windlass::domain::ids::RunId(uuid::Uuid::now_v7());
    assert_eq!(copy.run().await.unwrap().rows, Some(1000));
    assert_eq!(copy.target.value("select count(*) from t").await, "2001");
    copy.target.execute("drop table t").await;
    copy.context.run = windlass::domain::ids::RunId(uuid::Uuid::now_v7());
    assert_eq!(copy.run().await.unwrap().rows, Some(1000));
    assert_eq!(copy.target.value("select count(*) || ' ' || pg_typeof(min(id)) from t").await, "1000 integer");
    assert_eq!(copy.target.value("select relpersistence from pg_class where relname = 't'").await, "p");
    copy.close_with_marker().await;
}

#[tokio::test]
async fn rows_of_the_same_key_are_replaced_and_others_stay() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table t (id int, \"지역\" text, v int); insert into t values (1, '서울', 10), (2, '부산', 20)",
        "create table t (id int, \"지역\" text, v int, note text); insert into t values (1, '서울', 1, 'kept'), (9, '제주', 9, 'stays')",
    )
    .await;
    copy.step.mode = LoadMode::Upsert;
    copy.step.key = vec!["id".to_owned(), "지역".to_owned()];
    assert_eq!(copy.run().await.unwrap().rows, Some(2));
    assert_eq!(
        copy.target.value("select string_agg(concat_ws(':', id, v, note), ',' order by id) from t").await,
        "1:10:kept,2:20,9:9:stays"
    );
    let refused = async |copy: &mut Copy, change: &str, wanted: &str| {
        copy.context.run = windlass::domain::ids::RunId(uuid::Uuid::now_v7());
        copy.source.execute(change).await;
        let failure: Failure = copy.run().await.unwrap_err();
        assert_eq!(failure.code, Code::CopyShape, "{failure:?}");
        assert!(failure.message.contains(wanted), "{failure:?}");
    };
    refused(&mut copy, "insert into t values (1, '서울', 11)", "2 rows of key (\"id\", \"지역\") = (1,서울)").await;
    refused(&mut copy, "delete from t; insert into t values (null, 'x', 1)", "without a value").await;
    copy.step.key = vec!["없음".to_owned()];
    refused(&mut copy, "", "column `없음` of the key is not in the source").await;
    assert_eq!(copy.target.value("select count(*) from t").await, "3");
    copy.close_with_marker().await;
}

#[tokio::test]
async fn a_table_that_stays_must_have_room_for_every_column() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table t (a int, \"새 열\" text)",
        "create table t (a int, b int not null); insert into t values (7, 7)",
    )
    .await;
    copy.step.mode = LoadMode::Append;
    let failure = copy.failure().await;
    assert!(failure.message.contains("`새 열` (text)"), "{failure:?}");
    copy.source.execute("alter table t drop column \"새 열\"").await;
    let failure = copy.failure().await;
    assert!(failure.message.contains("column `b` needs a value"), "{failure:?}");
    copy.close().await;
}

#[tokio::test]
async fn a_difference_in_content_is_found_by_the_checksum() {
    let mut copy = Copy::of(
        "t",
        "t",
        "create table t as select g::numeric as a from generate_series(1, 10) g",
        "create table t (a numeric(10,2))",
    )
    .await;
    copy.step.swap = CopySwap::InPlace;
    copy.step.verify = CopyVerify::Checksum;
    let failure = copy.failure().await;
    assert_eq!(failure.code, Code::CopyChecksum, "{failure:?}");
    assert!(failure.message.contains("10 rows"), "{failure:?}");
    copy.close().await;
}

//! The swap: whole or not at all, and nobody waits for long.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::postgres::replacement::{Coming, swap};

use super::{alike, planned, prepared, replace, text};
use crate::support::eventually;

#[tokio::test]
async fn a_first_table_takes_the_name() {
    let (database, session) = prepared("select 1").await;
    replace(&session, &["새 표"], "").await.unwrap();
    assert_eq!(text(&session, "select count(*) from \"새 표\"").await, "0");
    assert_eq!(text(&session, "select obj_description('\"새 표\"'::regclass)").await, "");
    database.close().await;
}

#[tokio::test]
async fn what_hangs_on_the_old_table_is_named_beforehand_and_nothing_is_lost() {
    let (database, session) = prepared("create table t (a int primary key); create table hidden_0 (a int)").await;
    let early = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    let hang_on = "create table child (a int references t); create view \"보기\" as select a from t;
         create materialized view m as select * from t;
         create function f() returns setof t language sql as 'select * from t'";
    session.execute(hang_on, "hanging things on").await.unwrap();
    let failure = planned(&session, &[("t", Coming::Made)]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::SwapBlocked);
    for name in ["view public.\"보기\"", "materialized view public.m", "child_a_fkey", "function public.f()"] {
        assert!(failure.message.contains(name), "{name}: {failure}");
    }
    assert!(failure.hint.unwrap().contains("swap: in_place"));
    // The server stops it too, when something was hung on after the look.
    session.execute("drop table child", "taking one off").await.unwrap();
    windlass::postgres::replacement::complete(&session, &early).await.unwrap();
    let failure = swap(&session, &early).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::SwapBlocked);
    assert!(failure.message.contains("view public.\"보기\" depends on table public.t"), "{failure}");
    assert_eq!(text(&session, "select count(*) from \"보기\", hidden_0").await, "0");
    database.close().await;
}

#[tokio::test]
async fn what_is_no_plain_table_is_not_replaced() {
    let (database, session) = prepared(
        "create view v as select 1 a; create table p (a int) partition by list (a); create table p1 partition of p default;
         create extension if not exists plpgsql; create table of_extension (a int); alter extension plpgsql add table of_extension",
    )
    .await;
    for (table, words) in [
        ("v", "is a view"),
        ("p", "partitioned table"),
        ("p1", "partition tree: public.p"),
        ("of_extension", "extension plpgsql"),
    ] {
        let failure = planned(&session, &[(table, alike())]).await.unwrap_err().on(Side::Target);
        assert_eq!(failure.code, Code::SwapBlocked, "{failure}");
        assert!(failure.message.contains(words), "{failure}");
    }
    let failure = planned(&session, &[("nowhere.t", alike())]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.hint.as_deref(), Some("create schema \"nowhere\""), "{failure:?}");
    database.close().await;
}

#[tokio::test]
async fn a_reader_delays_the_swap_and_is_not_cut_off() {
    let (database, session) = prepared("create table t (a int); create table hidden_0 (a int)").await;
    let reader = database.server().connect("reader").await.unwrap();
    reader.execute("begin; select * from t", "reading").await.unwrap();
    let planned = planned(&session, &[("t", Coming::Made)]).await.unwrap();
    let reading = async {
        let waits =
            format!("select count(*) from pg_stat_activity where pid = {} and wait_event_type = 'Lock'", session.pid());
        eventually("the swap waits for the reader", async || database.value(&waits).await == "1").await;
        reader.execute("select * from t; commit", "reading on").await.unwrap();
    };
    let (swapped, ()) = tokio::join!(swap(&session, &planned), reading);
    swapped.unwrap();
    assert_eq!(text(&session, "select to_regclass('hidden_0')").await, "");
    reader.close().await;
    database.close().await;
}

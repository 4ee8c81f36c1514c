//! The swap: whole or not at all, and nobody waits for long.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::domain::ids::TableName;
use windlass::postgres::replacement::{Coming, Replacement, Wanted, places, plan, swap};

use super::{alike, carry_out, planned, prepared, replace, text};
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

#[tokio::test]
async fn readers_get_their_turn_while_a_swap_waits_for_one_that_does_not_end() {
    let (database, session) = prepared("create table a (x int); create table b (x int)").await;
    let endless = database.server().connect("endless").await.unwrap();
    endless.execute("begin; select * from b", "reading").await.unwrap();
    let planned = planned(&session, &[("a", alike()), ("b", alike())]).await.unwrap();
    let reading = async {
        let reader = database.server().connect("reader").await.unwrap();
        let waits = format!("select count(*) from pg_locks where pid = {} and not granted", session.pid());
        for _ in 0..2 {
            eventually("the swap waits", async || database.value(&waits).await == "1").await;
            // Less than what the endless one takes, and more than what the swap may hold.
            let read = "set statement_timeout = '5s'; select * from a; select * from b";
            reader.execute(read, "reading meanwhile").await.unwrap();
        }
        reader.close().await;
        endless.execute("commit", "ending").await.unwrap();
    };
    let (swapped, ()) = tokio::join!(carry_out(&session, &planned, "insert into hidden_0 values (1)"), reading);
    swapped.unwrap();
    assert_eq!(text(&session, "select count(*) from a").await, "1");
    endless.close().await;
    database.close().await;
}

fn create(planned: &[Replacement]) -> String {
    planned.iter().map(Replacement::create).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn two_swaps_of_the_same_tables_never_lock_each_other_out() {
    let (database, one) = prepared("create table a (x int); create table b (x int); create table c (x int)").await;
    let other = database.server().connect("other").await.unwrap();
    for _ in 0..5 {
        let first = planned(&one, &[("a", alike()), ("b", alike()), ("c", alike())]).await.unwrap();
        one.execute(&create(&first), "making tables").await.unwrap();
        let mut wanted: Vec<_> =
            places(&other, &["c", "b", "a"].map(|name| TableName::parse(name).unwrap())).await.unwrap();
        let wanted: Vec<Wanted> = wanted
            .drain(..)
            .map(|place| Wanted {
                hidden: format!("other_{}", place.name.as_str()),
                place,
                coming: alike(),
                unlogged: false,
                indexes: true,
            })
            .collect();
        let second = plan(&other, &wanted).await.unwrap();
        other.execute(&create(&second), "making tables").await.unwrap();
        let (first, second) = tokio::join!(swap(&one, &first), swap(&other, &second));
        let failed: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        let failure = failed.into_iter().next().unwrap().on(Side::Target);
        assert_eq!(failure.code, Code::PostgresConflict);
        assert!(failure.message.contains("is another table now"), "{failure}");
        let left = "select coalesce(string_agg(format('drop table %I', relname), ';'), 'select 1') from pg_class
                    where relkind = 'r' and (relname like 'hidden%' or relname like 'other%')";
        let drop = text(&one, left).await;
        one.execute(&drop, "sweeping").await.unwrap();
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(database.value(deadlocks).await, "0");
    other.close().await;
    database.close().await;
}

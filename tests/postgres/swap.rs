//! A table is replaced whole, with what users expect to stay, or not at all.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::domain::ids::TableName;
use windlass::postgres::replacement::{Coming, Replacement, Wanted, plan, swap};
use windlass::postgres::{PgError, Session, place};

use crate::support::{TestDatabase, eventually, server};

async fn session(sql: &str) -> (TestDatabase, Session) {
    let database = server().database().await;
    let session = database.server().connect("swap").await.unwrap();
    session.execute(sql, "preparing").await.unwrap();
    (database, session)
}

async fn text(session: &Session, sql: &str) -> String {
    session.query_one(sql, &[], "asking").await.unwrap().get::<_, Option<String>>(0).unwrap_or_default()
}

async fn planned(session: &Session, table: &str, hidden: &str) -> Result<Vec<Replacement>, PgError> {
    let place = place(session, &TableName::parse(table).unwrap()).await?;
    let wanted = Wanted { place, hidden: hidden.to_owned(), coming: Coming::Made, unlogged: false, indexes: true };
    plan(session, &[wanted]).await
}

async fn replace(session: &Session, table: &str, hidden: &str) -> Result<Vec<String>, PgError> {
    let planned = planned(session, table, hidden).await?;
    swap(session, &planned).await?;
    Ok(planned[0].lost().to_vec())
}

#[tokio::test]
async fn owner_grants_comments_and_names_stay() {
    let (database, session) = session(
        "create role \"소유자\"; create role swap_reader; create role swap_writer; create role swap_outsider; create schema s;
         grant all on schema s to \"소유자\";
         create table s.\"주문 내역\" (id serial primary key, a int check (a > 0), b text);
         create index \"빠른 길\" on s.\"주문 내역\" (b desc) where a > 1;
         alter table s.\"주문 내역\" owner to \"소유자\";
         comment on table s.\"주문 내역\" is 'it''s \\ here'; comment on column s.\"주문 내역\".b is '설명';
         grant select on s.\"주문 내역\" to swap_reader with grant option; grant update (b) on s.\"주문 내역\" to swap_writer;
         create table s.hidden (like s.\"주문 내역\" including all);
         grant select on s.hidden to swap_outsider; insert into s.hidden (a, b) values (7, 'new')",
    )
    .await;
    replace(&session, "s.주문 내역", "hidden").await.unwrap();
    let name = "'s.\"주문 내역\"'::regclass";
    assert_eq!(text(&session, "select b from s.\"주문 내역\"").await, "new");
    assert_eq!(text(&session, &format!("select obj_description({name}, 'pg_class')")).await, "it's \\ here");
    assert_eq!(text(&session, &format!("select col_description({name}, 3)")).await, "설명");
    assert_eq!(
        text(&session, &format!("select relowner::regrole::text from pg_class where oid = {name}")).await,
        "\"소유자\""
    );
    let rights = "select concat_ws(',', has_table_privilege('swap_reader', c, 'select with grant option'),
                  has_column_privilege('swap_writer', c, 'b', 'update'), has_table_privilege('swap_outsider', c, 'select')) from (select ";
    assert_eq!(text(&session, &format!("{rights}{name} c) x")).await, "t,t,f");
    let indexes = "select string_agg(indexname, ',' order by indexname) from pg_indexes where schemaname = 's'";
    assert_eq!(text(&session, indexes).await, "빠른 길,주문 내역_pkey");
    assert_eq!(text(&session, "insert into s.\"주문 내역\" (a) values (1) returning id::text").await, "2");
    database.close().await;
}

#[tokio::test]
async fn a_first_table_takes_the_name() {
    let (database, session) = session("create table hidden (a int)").await;
    replace(&session, "새 표", "hidden").await.unwrap();
    assert_eq!(text(&session, "select count(*)::text from \"새 표\"").await, "0");
    database.close().await;
}

#[tokio::test]
async fn what_hangs_on_the_old_table_is_named_beforehand_and_nothing_is_lost() {
    let (database, session) = session("create table t (a int primary key); create table hidden (a int)").await;
    let early = planned(&session, "t", "hidden").await.unwrap();
    let hang_on = "create table child (a int references t); create view \"보기\" as select a from t;
         create materialized view m as select * from t;
         create function f() returns setof t language sql as 'select * from t'";
    session.execute(hang_on, "hanging things on").await.unwrap();
    let failure = planned(&session, "t", "hidden").await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::SwapBlocked);
    for name in ["view \"보기\"", "materialized view m", "child_a_fkey", "function f()"] {
        assert!(failure.message.contains(name), "{name}: {failure}");
    }
    // The server stops it too, when something was hung on after the look.
    let failure = swap(&session, &early).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::SwapBlocked);
    assert!(failure.message.contains("view \"보기\" depends on table t"), "{failure}");
    assert_eq!(text(&session, "select count(*)::text from \"보기\", hidden").await, "0");
    database.close().await;
}

#[tokio::test]
async fn what_is_no_plain_table_is_not_replaced() {
    let (database, session) = session(
        "create view v as select 1 a; create table p (a int) partition by list (a); create table p1 partition of p default;
         create table secured (a int); alter table secured enable row level security; create table hidden (a int)",
    )
    .await;
    for (table, words) in
        [("v", "is a view"), ("p", "partitioned table"), ("p1", "partition tree"), ("secured", "row-level security")]
    {
        let failure = replace(&session, table, "hidden").await.unwrap_err().on(Side::Target);
        assert_eq!(failure.code, Code::SwapBlocked, "{failure}");
        assert!(failure.message.contains(words), "{failure}");
    }
    let failure = replace(&session, "nowhere.t", "hidden").await.unwrap_err().on(Side::Target);
    assert_eq!(failure.hint.as_deref(), Some("create schema \"nowhere\""), "{failure:?}");
    database.close().await;
}

#[tokio::test]
async fn what_goes_with_the_old_table_is_told() {
    let (database, session) = session(
        "create table other (a int primary key); create table t (a int references other);
         create function f() returns trigger language plpgsql as 'begin return new; end';
         create trigger \"감시\" before insert on t for each row execute function f(); create table hidden (a int)",
    )
    .await;
    let lost = replace(&session, "t", "hidden").await.unwrap();
    assert_eq!(lost, ["foreign key t_a_fkey", "trigger \"감시\""]);
    database.close().await;
}

#[tokio::test]
async fn a_reader_delays_the_swap_and_is_not_cut_off() {
    let (database, session) = session("create table t (a int); create table hidden (a int)").await;
    let reader = database.server().connect("reader").await.unwrap();
    reader.execute("begin; select * from t", "reading").await.unwrap();
    let planned = planned(&session, "t", "hidden").await.unwrap();
    let reading = async {
        let waits =
            format!("select count(*) from pg_stat_activity where pid = {} and wait_event_type = 'Lock'", session.pid());
        eventually("the swap waits for the reader", async || database.value(&waits).await == "1").await;
        reader.execute("select * from t; commit", "reading on").await.unwrap();
    };
    let (swapped, ()) = tokio::join!(swap(&session, &planned), reading);
    swapped.unwrap();
    assert_eq!(text(&session, "select to_regclass('hidden')::text").await, "");
    reader.close().await;
    database.close().await;
}

//! The rows that come differ from the table that is there.

use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::postgres::replacement::Coming;
use windlass::postgres::{Session, columns};

use super::{carry_out, planned, prepared, text};

/// Rows with the columns of that query.
async fn rows_of(session: &Session, query: &str) -> Coming {
    Coming::Columns(columns(session, query, "looking").await.unwrap())
}

/// A table on whose columns much stands.
const PARTLY_FITTING: &str = "create table t (id int primary key, amount int default 7 not null, gone text, word text collate \"C\",
           twice int generated always as (amount * 2) stored, counted bigint generated always as identity,
           made text default now()::text, flag boolean default true,
           constraint enough check (amount > 0), constraint no_empty check (word <> ''), check (gone <> ''), unique (gone), unique (word, amount));
         create index on t (gone); create index on t (word text_pattern_ops); create index \"식\" on t ((amount + 1));
         create index on t (lower(word)) where flag; create statistics s (dependencies) on gone, word from t;
         create statistics r on amount, word from t;
         comment on column t.amount is 'stays'; comment on column t.gone is 'goes'; grant select (gone, word) on t to public;
         create function f() returns trigger language plpgsql as 'begin return new; end';
         create trigger of_gone before update of gone on t for each row execute function f();
         create trigger of_all before update on t for each row execute function f()";

#[tokio::test]
async fn what_still_fits_stays_and_the_rest_is_told() {
    let (database, session) = prepared(PARTLY_FITTING).await;
    let query =
        "select 1 as id, 1::numeric(9,1) as amount, null::varchar(5) as word, 1::money as flag, ''::text as \"새\"";
    let coming = rows_of(&session, query).await;
    let planned = planned(&session, &[("t", coming)]).await.unwrap();
    assert_eq!(
        planned[0].drift(),
        [
            "column `amount` changes from integer to numeric(9,1)",
            "column `gone` is not in the source and goes",
            "column `word` changes from text to character varying(5)",
            "column `made` is not in the source and goes",
            "column `flag` changes from boolean to money",
            "column `새` (text) is new",
        ]
    );
    let mut lost: Vec<&str> = planned[0].lost().iter().map(String::as_str).collect();
    lost.sort_unstable();
    assert_eq!(
        lost,
        [
            "constraint t_gone_check (a column goes)",
            "constraint t_gone_key (a column goes)",
            "default of column `flag` (column \"flag\" is of type money but default expression is of type boolean)",
            "index t_gone_idx (a column goes)",
            "index t_lower_idx (argument of WHERE must be type boolean, not type money)",
            "statistics public.s (a column goes)",
            "trigger of_gone",
        ]
    );
    assert!(!planned[0].binary());
    let fill = "insert into hidden_0 (id, amount, word, flag, \"새\") values (1, 2.5, 'a', 1, '')";
    carry_out(&session, &planned, fill).await.unwrap();
    let names =
        "select string_agg(c, ' ') from (select attname || ':' || format_type(atttypid, atttypmod) c from pg_attribute
                 where attrelid = 't'::regclass and attnum > 0 order by attnum) x";
    let expected =
        "id:integer amount:numeric(9,1) word:character varying(5) twice:integer counted:bigint flag:money 새:text";
    assert_eq!(text(&session, names).await, expected);
    for (what, expected) in [
        ("select t::text from t", "(1,2.5,a,5,1,$1.00,\"\")"),
        (
            "select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 't'",
            "t_pkey t_word_amount_key t_word_idx 식",
        ),
        ("select col_description('t'::regclass, 2)", "stays"),
        ("select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 't'::regclass and adnum = 2", "7"),
        ("select string_agg(tgname, ' ') from pg_trigger where tgrelid = 't'::regclass", "of_all"),
        (
            "select string_agg(conname, ' ' order by conname) from pg_constraint where conrelid = 't'::regclass and contype = 'c'",
            "enough no_empty",
        ),
    ] {
        assert_eq!(text(&session, what).await, expected, "{what}");
    }
    database.close().await;
}

#[tokio::test]
async fn nulls_and_collations_are_told_and_stay_as_they_are_in_the_table() {
    let (database, session) = prepared(
        "create domain positive as int check (value > 0);
         create table t (a positive not null, b text, c text, primary key (a));
         create table source (a int, b text not null, c text collate \"C\"); comment on table t is 'kept'",
    )
    .await;
    let coming = rows_of(&session, "select c, b, a from source").await;
    let planned = planned(&session, &[("t", coming)]).await.unwrap();
    assert_eq!(
        planned[0].drift(),
        [
            "column `a` may be null in the source and is NOT NULL in the table",
            "column `b` is NOT NULL in the source and may be null in the table",
            "column `c` has the collation \"pg_catalog\".\"C\" in the source and the usual one in the table",
        ]
    );
    assert!(planned[0].lost().is_empty() && planned[0].binary());
    carry_out(&session, &planned, "insert into hidden_0 (c, b, a) values ('c', null, 1)").await.unwrap();
    assert_eq!(text(&session, "select t::text from t").await, "(1,,c)");
    let refused = session.execute("insert into t values (-1)", "adding").await.unwrap_err();
    assert!(refused.message.contains("positive"), "{refused}");
    database.close().await;
}

#[tokio::test]
async fn a_table_without_a_predecessor_is_like_the_rows() {
    let (database, session) =
        prepared("create table source (a int not null, b text collate \"C\", c varchar(3)[])").await;
    let coming = rows_of(&session, "select * from source").await;
    let planned = planned(&session, &[("가나다", coming)]).await.unwrap();
    assert!(planned[0].drift().is_empty() && planned[0].lost().is_empty() && planned[0].binary());
    carry_out(&session, &planned, "insert into hidden_0 values (1, 'b', '{}')").await.unwrap();
    let columns = "select string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation), ', ' order by attnum)
                   from pg_attribute where attrelid = '가나다'::regclass and attnum > 0";
    assert_eq!(text(&session, columns).await, "a integer t -, b text f \"C\", c character varying(3)[] f \"default\"");
    database.close().await;
}

#[tokio::test]
async fn types_that_are_missing_here_are_named_before_anything_is_made() {
    let (database, session) = prepared("create type mood as enum ('ok'); create table t (a mood)").await;
    let coming = rows_of(&session, "select a, a as b from t").await;
    session.execute("drop type mood cascade", "dropping").await.unwrap();
    let failure = planned(&session, &[("t", coming)]).await.unwrap_err().on(Side::Target);
    assert_eq!(failure.code, Code::CopyShape);
    assert!(failure.message.contains("`mood` of column `a`, `mood` of column `b`"), "{failure}");
    database.close().await;
}

#[tokio::test]
async fn a_policy_that_would_be_lost_stops_the_plan() {
    let (database, session) = prepared(
        "create table t (a int, b text); create policy p on t using (a > 0); alter table t enable row level security",
    )
    .await;
    for query in ["select 'x' as b", "select 'x' as b, 1.5 as a"] {
        let coming = rows_of(&session, query).await;
        let failure = planned(&session, &[("t", coming)]).await.unwrap_err().on(Side::Target);
        assert_eq!(failure.code, Code::SwapBlocked);
        assert!(failure.message.contains("policy p reads `a`, which changes"), "{failure}");
    }
    database.close().await;
}

//! What arrives is what was there.

use windlass::domain::observation::Observation;
use windlass::domain::step::CopySource;

use super::Copy;

/// A checksum of a table's text, whatever order its rows have.
fn checksum(table: &str) -> String {
    format!("select md5(string_agg(t::text, E'\\n' order by t::text)) from {table} t")
}

#[tokio::test]
async fn korean_names_values_and_nulls_arrive_as_they_are() {
    let rows = 60_000;
    let copy = Copy::of(
        "주문_내역",
        "staging.orders",
        &format!(
            "create table \"주문_내역\" (\"번호\" bigint primary key, \"상품\" text collate \"C\", \"금액\" numeric(12,2),
               at timestamptz not null, ids int[], doc jsonb, raw bytea);
             insert into \"주문_내역\" select g, case when g % 7 > 0 then '상품 ' || g || E'\\t\\\\N\\n''\"' end,
               case when g % 5 > 0 then g / 100.0 end, now() - g * interval '1 minute',
               case when g % 3 > 0 then array[g, null] end, jsonb_build_object('값', g), decode(md5(g::text), 'hex')
             from generate_series(1, {rows}) g; analyze \"주문_내역\""
        ),
        "create schema staging",
    )
    .await;
    let outcome = copy.run().await.unwrap();
    assert_eq!(outcome.rows, Some(rows));
    assert_eq!(outcome.format.as_deref(), Some("binary"));
    assert_eq!(outcome.table.as_deref(), Some("staging.orders"));
    assert_eq!(
        copy.source.value(&checksum("\"주문_내역\"")).await,
        copy.target.value(&checksum("staging.orders")).await
    );
    let shape = "select string_agg(format('%s %s%s', attname, format_type(atttypid, atttypmod),
                   case when attnotnull then '!' end), ',' order by attnum) from pg_attribute
                 where attrelid = 'staging.orders'::regclass and attnum > 0";
    assert_eq!(
        copy.target.value(shape).await,
        "번호 bigint!,상품 text,금액 numeric(12,2),at timestamp with time zone!,ids integer[],doc jsonb,raw bytea"
    );
    let analyzed = "select reltuples::bigint from pg_class where oid = 'staging.orders'::regclass";
    assert_eq!(copy.target.value(analyzed).await, rows.to_string());
    let told = copy.host.observations.lock().unwrap().iter().fold((0, 0), |sum, one| match one {
        Observation::Copied { rows, bytes } => (sum.0 + rows, sum.1 + bytes),
        _ => sum,
    });
    assert_eq!((Some(told.0), Some(told.1)), (outcome.rows, outcome.bytes));
    let expected = copy.host.progress.lock().unwrap().iter().find_map(|progress| progress.rows_expected);
    assert_eq!(expected, Some(rows));
    copy.assert_nothing_left().await;
    copy.close().await;
}

#[tokio::test]
async fn an_empty_table_empties_the_staging_table() {
    let copy = Copy::of("t", "t", "create table t (a int)", "create table t (a int); insert into t values (1)").await;
    assert_eq!(copy.run().await.unwrap().rows, Some(0));
    assert_eq!(copy.target.value("select count(*) from t").await, "0");
    copy.close().await;
}

#[tokio::test]
async fn names_are_taken_literally_whatever_they_hold() {
    let longest = "가".repeat(21);
    for name in ["Mixed Case", "with \"quotes\"", "dot.ted", "한글 'n' 공백", "select", longest.as_str()] {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let make = format!(
            "create schema {quoted}; create table {quoted}.{quoted} ({quoted} int); insert into {quoted}.{quoted} values (3)"
        );
        let full = format!("{quoted}.{quoted}");
        let copy = Copy::of(&full, &full, &make, &format!("create schema {quoted}")).await;
        assert_eq!(copy.run().await.unwrap().rows, Some(1), "{name}");
        assert_eq!(copy.target.value(&format!("select {quoted} from {full}")).await, "3");
        copy.close().await;
    }
}

#[tokio::test]
async fn types_of_users_go_as_text() {
    let mood = "create type mood as enum ('기쁨', '슬픔')";
    let copy = Copy::of(
        "t",
        "t",
        &format!("{mood}; create table t (a int, m mood, c regclass); insert into t values (1, '슬픔', 'pg_class'), (2, null, null)"),
        &format!("create type other as enum ('x'); {mood}"),
    )
    .await;
    let outcome = copy.run().await.unwrap();
    assert_eq!((outcome.rows, outcome.format.as_deref()), (Some(2), Some("text")));
    assert_eq!(copy.target.value("select string_agg(t::text, ';' order by a) from t").await, "(1,슬픔,pg_class);(2,,)");
    copy.close().await;
}

#[tokio::test]
async fn columns_conditions_and_queries_choose_what_is_copied() {
    let make = "create table t (a int not null, b text, c int); insert into t values (1, '하나', 1), (2, 'it''s', 2), (3, null, 3)";
    let mut copy = Copy::of("t", "t", make, "").await;
    copy.step.source = CopySource::Table {
        table: "t".into(),
        columns: vec!["b".into(), "a".into()],
        condition: Some("a > 1 -- a comment at the end".into()),
    }
    .into();
    copy.step.unlogged = true;
    assert_eq!(copy.run().await.unwrap().rows, Some(2));
    assert_eq!(copy.target.value("select string_agg(t::text, ';' order by a) from t").await, "(it's,2);(,3)");
    assert_eq!(copy.target.value("select relpersistence from pg_class where relname = 't'").await, "u");
    copy.step.source =
        CopySource::Query("select {{ params.who }} as who, max(a) as \"가장 큰\" from t;\n".into()).into();
    assert_eq!(copy.run().await.unwrap().rows, Some(1));
    assert_eq!(copy.target.value("select t::text from t").await, "(\"$HOME; 'a b'\",3)");
    assert!(copy.host.find("column `a` is not in the source and goes").is_some());
    assert!(copy.host.find("column `가장 큰` (integer) is new").is_some());
    copy.close().await;
}

#[tokio::test]
async fn a_staging_table_with_the_same_columns_keeps_what_it_is() {
    let copy = Copy::of(
        "t",
        "s.t",
        "create table t (a int, b text); insert into t values (1, 'x'), (2, 'y')",
        "create schema s; create table s.t (b text, a int primary key, loaded_at timestamptz generated always as ('epoch') stored);
         create index on s.t (b); comment on table s.t is '보존'; alter table s.t add constraint small check (a < 10)",
    )
    .await;
    for _ in 0..2 {
        assert_eq!(copy.run().await.unwrap().rows, Some(2));
    }
    let kept = "select string_agg(indexname, ',' order by indexname) || obj_description('s.t'::regclass, 'pg_class')
                || (select string_agg(conname, ',') from pg_constraint where conrelid = 's.t'::regclass and contype = 'c')
                from pg_indexes where schemaname = 's'";
    assert_eq!(copy.target.value(kept).await, "t_b_idx,t_pkey보존small");
    assert!(copy.host.lines.lock().unwrap().iter().all(|(level, _)| *level < windlass::steps::Level::Warn));
    copy.close().await;
}

#[tokio::test]
async fn one_server_can_be_both_sides() {
    let copy = Copy::of("t", "t", "create table t (a int); insert into t select generate_series(1, 1000)", "").await;
    let mut here = copy.step.clone();
    here.to = "source".into();
    let kind = windlass::domain::step::StepKind::CopyToStaging(here);
    assert_eq!(windlass::steps::run(&kind, &copy.context).await.unwrap().rows, Some(1000));
    assert_eq!(copy.source.value("select count(*) from t").await, "1000");
    copy.close().await;
}

#[tokio::test]
async fn a_reader_sees_the_old_content_or_the_new_and_never_less() {
    let copy = Copy::of(
        "t",
        "t",
        "create table t (a int); insert into t select generate_series(1, 50000)",
        "create table t (a int); insert into t select generate_series(1, 700)",
    )
    .await;
    let reader = copy.target.server().connect("reader").await.unwrap();
    let old = copy.target.server().connect("old reader").await.unwrap();
    old.execute("begin isolation level repeatable read; select 1 from pg_class", "a snapshot from before")
        .await
        .unwrap();
    let seen = async {
        let mut counts = Vec::new();
        loop {
            let count: i64 = reader.query_one("select count(*) from t", &[], "reading").await.unwrap().get(0);
            counts.push(count);
            if count == 50_000 {
                return counts;
            }
        }
    };
    let copying = async { copy.run().await.unwrap() };
    let (_, mut counts) = tokio::join!(copying, seen);
    counts.dedup();
    assert_eq!(counts, [700, 50_000]);
    // Rows that are frozen are visible to snapshots from before, too: never an empty table.
    let count: i64 = old.query_one("select count(*) from t", &[], "reading").await.unwrap().get(0);
    assert_eq!(count, 50_000);
    tokio::join!(reader.close(), old.close());
    copy.close().await;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use windlass::domain::step::{CtasIndex, CtasMode, CtasStep, IndexKey};

use super::fixture::{attempts, nothing_left_in, on, prepare, run, slow, step};
use crate::support::{TestDatabase, server};

#[tokio::test]
async fn a_korean_name_at_the_byte_limit_is_made_and_replaced() {
    let database = server().database().await;
    prepare(&database.server()).await;
    // 21 syllables of 3 bytes each: exactly 63.
    let name =
        "월별_대상_고객_목록_최종본_가나다라마바".chars().filter(|c| *c != '_').cycle().take(21).collect::<String>();
    assert_eq!(name.len(), 63);
    database.execute("create schema \"통계 \"\"mart\"\"\"").await;
    let table = format!("\"통계 \"\"mart\"\"\".{name}");
    for rows in ["64", "63"] {
        let (context, _) = on(&database.server());
        let query = format!("select id as \"번호\" from pages where id <= {rows} -- 끝");
        let outcome = run(&step(&table, &query, 2, 1, 1), &context).await.unwrap();
        assert_eq!(outcome.rows.unwrap().to_string(), rows);
        assert_eq!(
            database.value(&format!("select count(\"번호\") from \"통계 \"\"mart\"\"\".\"{name}\"")).await,
            rows
        );
    }
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn readers_of_the_old_table_never_see_a_gap_and_keep_their_grants() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let role = format!("reader_{}", database.name());
    database
        .execute(&format!(
            "create table result as select g as id from generate_series(1, 10) g;
             comment on table result is '대상'; create role {role}; grant select on result to {role}"
        ))
        .await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = database.server().connect("test-reader").await.unwrap();
    let reading = async {
        let mut seen = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let row = reader.client().query_one("select count(*) from result", &[]).await.unwrap();
            seen.push(row.get::<_, i64>(0));
        }
        seen
    };
    let working = async {
        for _ in 0..3 {
            let (context, _) = on(&database.server());
            run(&step("result", &slow(0.005), 2, 1, 1), &context).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let (mut seen, ()) = tokio::join!(reading, working);
    seen.dedup();
    assert_eq!(seen, [10, 64], "the old table, then the new one, and nothing else");
    assert_eq!(database.value(&format!("has_table_privilege('{role}', 'result', 'select')")).await, "true");
    assert_eq!(database.value("obj_description('result'::regclass)").await, "대상");
    reader.close().await;
    database.execute(&format!("drop owned by {role}; drop role {role}")).await;
    database.close().await;
}

#[tokio::test]
async fn a_table_that_appears_while_the_query_runs_is_not_overwritten_by_fail_if_exists() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let (context, host) = on(&database.server());
    let mut step = step("result", "select id from pages", 2, 1, 1);
    step.mode = CtasMode::FailIfExists;
    let open = host.hold_gate();
    let rival = async {
        host.gate_reached().await;
        database.execute("create table result as select 'theirs' as owner").await;
        open.notify_one();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), rival);
    assert_eq!(outcome.unwrap_err().sqlstate.as_deref(), Some("42P07"));
    assert_eq!(database.value("select owner from result").await, "theirs");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn an_unlogged_table_is_made_when_asked_for() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let (context, _) = on(&database.server());
    let mut step = step("result", "select id from pages", 2, 1, 1);
    step.unlogged = true;
    run(&step, &context).await.unwrap();
    assert_eq!(database.value("select relpersistence from pg_class where relname = 'result'").await, "u");
    database.close().await;
}

fn index(on: IndexKey) -> CtasIndex {
    CtasIndex { name: None, on, unique: false, primary_key: false, method: None, include: Vec::new(), condition: None }
}

/// Names and definitions of the indexes of `result`, in order.
async fn indexes_of(database: &TestDatabase) -> String {
    let sql = "select string_agg(format('%s: %s', c.relname, pg_get_indexdef(c.oid)), E'\\n' order by c.relname) \
               from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'result'::regclass";
    database.value(sql).await
}

#[tokio::test]
async fn indexes_and_storage_are_made_as_the_job_says_and_have_proper_names_each_time() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let mut step = step("result", "select id, pad as \"메모\" from pages -- 끝", 2, 1, 1);
    step.with = vec![("fillfactor".to_owned(), "70".into()), ("toast.autovacuum_enabled".to_owned(), "off".into())];
    step.tablespace = Some("pg_default".into());
    step.indexes = vec![
        CtasIndex { primary_key: true, ..index(IndexKey::Columns(vec!["id".into()])) },
        CtasIndex {
            include: vec!["id".into()],
            unique: true,
            name: Some("메모순".into()),
            ..index(IndexKey::Sql("lower(\"메모\"), id desc".into()))
        },
        CtasIndex {
            method: Some("hash".into()),
            condition: Some("id > 10".into()),
            ..index(IndexKey::Columns(vec!["메모".into()]))
        },
    ];
    for _ in 0..2 {
        let (context, _) = on(&database.server());
        run(&step, &context).await.unwrap();
        let made = indexes_of(&database).await;
        let expected = "result_pkey: CREATE UNIQUE INDEX result_pkey ON public.result USING btree (id)\n\
            \"result_메모_idx\": CREATE INDEX \"result_메모_idx\" ON public.result USING hash (\"메모\") WHERE (id > 10)\n\
            \"메모순\": CREATE UNIQUE INDEX \"메모순\" ON public.result USING btree (lower(\"메모\"), id DESC) INCLUDE (id)";
        let plain =
            |text: &str| text.replace("\"result_메모_idx\":", "result_메모_idx:").replace("\"메모순\":", "메모순:");
        assert_eq!(plain(&made), plain(expected));
        let stored = "select reloptions || (select reloptions from pg_class t where t.oid = c.reltoastrelid) \
                      from pg_class c where oid = 'result'::regclass";
        assert_eq!(database.value(stored).await, "{fillfactor=70,autovacuum_enabled=off}");
    }
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn what_would_be_refused_after_the_query_is_refused_before_it() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database.execute("create index taken on pages (id)").await;
    let plain = step("result", &slow(60.0), 2, 1, 1);
    let no_column = index(IndexKey::Columns(vec!["nowhere".into()]));
    let name = CtasIndex { name: Some("taken".into()), ..index(IndexKey::Columns(vec!["id".into()])) };
    let cases = [
        (CtasStep { indexes: vec![no_column], ..plain.clone() }, "42703"),
        (CtasStep { indexes: vec![name], ..plain.clone() }, "42P07"),
        (CtasStep { tablespace: Some("nowhere".into()), ..plain.clone() }, "42704"),
        (CtasStep { with: vec![("fillfactor".into(), "lots".into())], ..plain.clone() }, "22023"),
    ];
    for (step, sqlstate) in cases {
        let (context, host) = on(&database.server());
        let failure = run(&step, &context).await.unwrap_err();
        assert_eq!(failure.sqlstate.as_deref(), Some(sqlstate), "{failure}");
        assert!(attempts(&host).is_empty());
    }
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn a_replaced_table_keeps_what_it_had_and_a_job_that_names_indexes_names_all_of_them() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database
        .execute(
            "create table result (id int primary key, pad text);
             create index old_way on result (pad, id);
             alter table result set (fillfactor = 55)",
        )
        .await;
    let kept = "result_pkey: CREATE UNIQUE INDEX result_pkey ON public.result USING btree (id)";
    let (context, _) = on(&database.server());
    let mut step = step("result", "select id, pad from pages", 2, 1, 1);
    run(&step, &context).await.unwrap();
    let old_way = "old_way: CREATE INDEX old_way ON public.result USING btree (pad, id)";
    assert_eq!(indexes_of(&database).await, format!("{old_way}\n{kept}"));
    assert_eq!(
        database.value("select reloptions from pg_class where oid = 'result'::regclass").await,
        "{fillfactor=55}"
    );

    let (context, _) = on(&database.server());
    step.indexes = vec![
        index(IndexKey::Columns(vec!["pad".into()])),
        CtasIndex { primary_key: true, ..index(IndexKey::Columns(vec!["id".into()])) },
    ];
    run(&step, &context).await.unwrap();
    let new_way = "result_pad_idx: CREATE INDEX result_pad_idx ON public.result USING btree (pad)";
    assert_eq!(indexes_of(&database).await, format!("{new_way}\n{kept}"));
    nothing_left_in(&database).await;
    database.close().await;
}

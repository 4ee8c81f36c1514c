use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use windlass::domain::step::CtasMode;

use super::fixture::{nothing_left_in, on, prepare, run, slow, step};
use crate::support::server;

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

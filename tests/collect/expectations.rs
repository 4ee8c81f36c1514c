//! What is checked before anything is loaded.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{Fresh, LoadMode, RowBounds};

use super::world::{BOTH, To, World};

async fn complaint(csv: &str, change: impl Fn(&mut World)) -> String {
    let mut world = World::of_file(To::DuckDb, "a.csv", csv).await;
    world.execute("create table t (a int, b int); insert into t values (42, 42)").await;
    change(&mut world);
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::Expectation, FailureClass::Expectation), "{failure}");
    assert_eq!(world.value("select string_agg(a::varchar, ',') from t").await, "42");
    failure.message
}

#[tokio::test]
async fn every_broken_expectation_is_told_with_what_was_found() {
    let rows = |min, max| Some(RowBounds { min, max });
    let told = complaint("a,b\n1,\n1,\n2,3\n", |world| {
        world.step.expect.rows = rows(Some(5), None);
        world.step.expect.not_null = vec!["a".into(), "b".into()];
        world.step.expect.unique = vec!["a".into()];
    });
    assert_eq!(
        told.await,
        "checking what was collected: expected at least 5 rows, found 3; expected a value of `b` in every row, found 2 \
         without; expected (a) to tell rows apart, found 1 values more than once, for example (1) 2 times; nothing was \
         loaded"
    );
    let told = complaint("a,b\n1,2\n1,3\n", |world| {
        world.step.expect.rows = rows(None, Some(1));
        world.step.expect.columns = vec!["a".into(), "없는_열".into()];
    });
    let told = told.await;
    assert!(told.contains("expected at most 1 rows, found 2; expected a column `없는_열`, found `a`, `b`"), "{told}");
    let told = complaint("a,b\n1,2\n1,3\n", |world| {
        world.step.into.mode = LoadMode::Upsert;
        world.step.into.key = vec!["a".into()];
    });
    assert!(told.await.contains("expected (a) to tell rows apart"));
}

#[tokio::test]
async fn emptying_a_table_takes_a_word() {
    for to in BOTH {
        for (name, content) in [("a.json", "[]"), ("a.csv", "a,b\n"), ("a.ndjson", "\n")] {
            let mut world = World::of_file(to, name, content).await;
            world.execute("create table t (a int, b int); insert into t values (42, 42)").await;
            let failure = world.failure().await;
            assert_eq!(failure.code, Code::Expectation);
            assert_eq!(failure.message, "the source was empty; emptying a table takes `allow_empty: true`");
            assert_eq!(world.value("select count(*) from t").await, "1", "{to:?} {name}");
            world.step.allow_empty = true;
            assert_eq!(world.run().await.unwrap().rows, Some(0));
            assert_eq!(world.value("select count(*) from t").await, "0", "{to:?} {name}");
            world.step.allow_empty = false;
            world.step.into.mode = LoadMode::Append;
            assert_eq!(world.run().await.unwrap().rows, Some(0));
            world.close().await;
        }
    }
}

#[tokio::test]
async fn rows_are_compared_with_the_last_run() {
    let mut world = World::of_file(To::DuckDb, "a.csv", "a\n1\n2\n3\n4\n").await;
    world.step.expect.drop_at_most = Some(50);
    assert_eq!(world.run().await.unwrap().rows, Some(4));
    assert!(world.host.find("has not succeeded in another run yet").is_some());
    let last = |rows| Some(Outcome { rows: Some(rows), ..Outcome::default() });
    *world.host.last.lock().unwrap() = last(8);
    assert_eq!(world.run().await.unwrap().rows, Some(4));
    *world.host.last.lock().unwrap() = last(9);
    let failure = world.failure().await;
    assert_eq!(failure.class, FailureClass::Expectation);
    let told = "expected at most 50% fewer rows than the last time (9), found 4; nothing was loaded";
    assert!(failure.message.contains(told), "{failure}");
    world.step.expect.drop_at_most = Some(0);
    *world.host.last.lock().unwrap() = last(4);
    assert_eq!(world.run().await.unwrap().rows, Some(4));
}

#[tokio::test]
async fn the_latest_time_is_held_against_the_runs_due_time() {
    // Due at 2026-11-20T21:30Z, which is 06:30 of the 21st in the job's zone.
    for (to, content, within_hours, words) in [
        (To::DuckDb, "at\n2026-11-20\n2026-11-21\n", 7, ""),
        (To::DuckDb, "at\n2026-11-20\n2026-11-21\n", 6, "found 2026-11-20T15:00:00Z as the latest"),
        (To::Postgres, "at\n2026-11-20 22:00:00\n", 9, ""),
        (To::Postgres, "at\n2026-11-20 22:00:00\n", 8, "found 2026-11-20T13:00:00Z as the latest"),
        (To::DuckDb, "at\n2026-11-20T21:00:00Z\n", 1, ""),
        (To::DuckDb, "at\n2026-11-20T19:00:00+00:00\n", 1, "found 2026-11-20T19:00:00Z as the latest"),
        (To::DuckDb, "at\nx\n", 1, "found values that are no times"),
        (To::DuckDb, "at,b\n,1\n", 1, "found no value at all"),
        (To::DuckDb, "b\n1\n", 1, "expected a column `at`, found `b`"),
    ] {
        let mut world = World::of_file(to, "a.csv", content).await;
        let within = Duration::from_hours(within_hours);
        world.step.expect.fresh = Some(Fresh { column: "at".into(), within });
        match world.run().await {
            Ok(_) => assert_eq!(words, "", "{content} within {within_hours} h"),
            Err(failure) => {
                assert_eq!(failure.class, FailureClass::Expectation, "{failure}");
                assert!(!words.is_empty() && failure.message.contains(words), "{content}: {failure}");
            }
        }
        world.close().await;
    }
}

//! What is checked before anything is loaded.

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::step::{LoadMode, RowBounds};

use super::world::{BOTH, To, World};

async fn complaint(csv: &str, change: impl Fn(&mut World)) -> String {
    let mut world = World::of_file(To::DuckDb, "a.csv", csv).await;
    world.execute("create table t (a int, b int); insert into t values (42, 42)").await;
    change(&mut world);
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::Expectation, FailureClass::Permanent), "{failure}");
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

//! What breaks is told, by the side that broke.

use windlass::domain::failure::{FailureClass, Side};
use windlass::postgres::PgErrorKind;

use super::Pair;

/// Rows for longer than any test.
const ENDLESS: &str = "select generate_series(1, 2000000000), repeat('값', 100)";

/// Rows so long that the source is always in the middle of one.
const ENORMOUS: &str = "select generate_series(1, 1000), repeat('값', 30000000)";

#[tokio::test]
async fn a_refused_row_is_told_at_once_with_its_line_and_value() {
    let pair = Pair::of("create table t (a int check (a < 5000), b text)").await;
    let error = pair.failure(ENDLESS, "t").await;
    let target = error.target.unwrap();
    assert_eq!((error.first, error.source), (Side::Target, None));
    assert_eq!(target.sqlstate.as_deref(), Some("23514"), "{target:?}");
    assert!(target.detail.unwrap().contains("5000") && target.context.unwrap().contains("line 5000"));
    pair.stop().await;
}

#[tokio::test]
async fn a_statement_that_can_not_run_is_told_like_any_other() {
    let pair = Pair::of("create table t (a int, b text)").await;
    let error = pair.failure("select nothing from nowhere", "t").await;
    let source = error.source.unwrap();
    assert_eq!((error.first, error.target), (Side::Source, None));
    assert_eq!((source.sqlstate.as_deref(), source.position), (Some("42P01"), Some(27)), "{source:?}");
    let same = pair.source.execute("copy (select nothing from nowhere) to stdout", source.doing.as_str()).await;
    assert_eq!(same.unwrap_err(), source, "as the driver tells it");
    assert_eq!(pair.target.execute("select 1", "going on").await.unwrap(), 1);

    let error = pair.failure("select 1", "nowhere").await;
    assert!(error.first == Side::Target && error.target.unwrap().is("42P01"));
    pair.stop().await;
}

#[tokio::test]
async fn sides_that_do_not_agree_are_told_so() {
    let pair = Pair::of("create table t (a int, b text)").await;
    let error = pair.failure("select 1", "t").await;
    let text = error.to_string();
    assert!(text.contains("1 columns in text") && text.contains("2 columns in text"), "{text}");
    pair.stop().await;
}

#[tokio::test]
async fn a_source_that_ends_in_the_middle_of_a_row_leaves_the_target_usable() {
    let pair = Pair::of("create table t (a int, b text)").await;
    pair.target.execute("begin", "beginning").await.unwrap();
    let ending = async {
        crate::support::eventually("a row is under way", async || pair.flow.bytes() > 1_000_000).await;
        pair.terminate(&pair.source).await;
    };
    let (error, ()) = tokio::join!(pair.failure(ENORMOUS, "t"), ending);
    let source = error.source.unwrap();
    assert_eq!((error.first, error.target), (Side::Source, None));
    assert!(source.kind == PgErrorKind::Lost || source.is("57P01"), "{source:?}");
    assert_eq!(source.on(Side::Source).class, FailureClass::Transient);
    pair.target.execute("rollback", "rolling back").await.unwrap();
    pair.stop().await;
}

#[tokio::test]
async fn a_source_that_fails_between_rows_is_told_in_its_words() {
    let pair = Pair::of("create table t (a int, b text)").await;
    let error = pair.failure("select 1 / (50000 - g), 'x' from generate_series(1, 60000) g", "t").await;
    assert_eq!((error.first, error.target), (Side::Source, None));
    assert!(error.source.unwrap().is("22012"));
    // Both were heard to the end.
    assert_eq!(pair.source.execute("select 1", "going on").await.unwrap(), 1);
    assert_eq!(pair.target.execute("select 1", "going on").await.unwrap(), 1);
    assert_eq!(pair.database.value("select count(*) from t").await, "0");
    pair.stop().await;
}

#[tokio::test]
async fn a_target_that_ends_is_told_in_its_words() {
    let pair = Pair::of("create table t (a int, b text)").await;
    let ending = async {
        pair.under_way().await;
        pair.terminate(&pair.target).await;
    };
    let (error, ()) = tokio::join!(pair.failure(ENDLESS, "t"), ending);
    assert_eq!((error.first, error.source), (Side::Target, None));
    assert!(error.target.unwrap().is("57P01"));
    pair.stop().await;
}

#[tokio::test]
async fn two_sides_that_end_at_once_are_both_told() {
    let pair = Pair::of("create table t (a int, b text)").await;
    let both = format!(
        "select bool_and(pg_terminate_backend(p)) from unnest(array[{}, {}]) p",
        pair.target.pid(),
        pair.source.pid()
    );
    let ending = async {
        pair.under_way().await;
        assert_eq!(pair.database.value(&both).await, "true");
    };
    let (error, ()) = tokio::join!(pair.failure(ENDLESS, "t"), ending);
    for side in [error.source.unwrap(), error.target.unwrap()] {
        assert_eq!(side.on(Side::Target).class, FailureClass::Transient);
    }
    pair.stop().await;
}

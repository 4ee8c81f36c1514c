//! Both sides at once.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};

use crate::copy::Copy;
use crate::copy::stopping::endless;

#[tokio::test]
async fn both_sides_failing_at_once_is_transient_and_both_are_told() {
    let mut copy = endless().await;
    for order in ["asc", "desc"] {
        let ending = async {
            copy.host.progress_with(|progress| progress.rows > Some(1000)).await;
            let ended = format!(
                "select count(pg_terminate_backend(pid)) from (
                   select pid from pg_stat_activity where application_name in ('{}', '{}') order by application_name {order}) mine",
                copy.context.application_name("source"),
                copy.context.application_name("target"),
            );
            assert_eq!(copy.source.value(&ended).await, "2");
        };
        let (failure, ()) = tokio::join!(copy.failure(), ending);
        assert_eq!(
            (failure.code, failure.class),
            (Code::PostgresConnectionLost, FailureClass::Transient),
            "{failure:?}"
        );
        assert!([Side::Source, Side::Target].contains(&failure.side), "{failure:?}");
        assert!(failure.message.contains("failed too"), "{failure:?}");
        assert_eq!(copy.target.value("select string_agg(a::text, ';') from t").await, "7");
        copy.host.progress.lock().unwrap().clear();
        copy.context.attempt += 1;
    }
    copy.close().await;
}

#[tokio::test]
async fn a_refused_row_is_the_cause_though_the_source_fails_right_after_it() {
    // The source fails one row after the one that the target refuses.
    let copy = Copy::of(
        "failing",
        "t",
        "create view failing as select g as a, case when g = 4 then 1 / (g - 4) end as b from generate_series(1, 10) g",
        "create table t (a int, b int, constraint small check (a < 3)); insert into t values (1, 1)",
    )
    .await;
    let failure = copy.failure().await;
    assert_eq!(failure.class, FailureClass::Permanent, "{failure:?}");
    // Either may be first; a source's error that is told must be the source's own words.
    let told = &failure.message;
    match failure.side {
        Side::Target => assert!(told.contains("\"small\""), "{failure:?}"),
        _ => assert!(told.contains("division by zero"), "{failure:?}"),
    }
    assert_eq!(copy.target.value("select count(*) from t").await, "1");
    copy.close().await;
}

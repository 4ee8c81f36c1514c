//! However a copy ends, nothing of it is left on either server.

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};

use super::Copy;

/// A copy that goes on for longer than any test.
pub(super) async fn endless() -> Copy {
    Copy::of(
        "endless",
        "t",
        "create view endless as select generate_series(1, 2000000000) as g, repeat('값', 100) as b",
        "create table t (a int); insert into t values (7)",
    )
    .await
}

#[tokio::test]
async fn a_stop_in_the_middle_leaves_nothing() {
    let copy = endless().await;
    let stopping = async {
        copy.host.progress_with(|progress| progress.rows > Some(1000)).await;
        copy.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(copy.failure(), stopping);
    assert_eq!(failure, Failure::stopped());
    assert_eq!(copy.target.value("select a from t").await, "7");
    copy.close().await;
}

#[tokio::test]
async fn a_stop_at_the_gate_and_a_lost_gate_undo_the_work() {
    let mut copy =
        Copy::of("t", "t", "create table t (a int)", "create table t (a int); insert into t values (7)").await;
    let held = copy.host.hold_gate();
    let stopping = async {
        copy.host.gate_reached().await;
        assert_eq!(copy.target.value("select count(*) from pg_class where relname like 'windlass%'").await, "1");
        copy.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(copy.failure(), stopping);
    assert_eq!(failure, Failure::stopped());
    held.notify_one();
    copy.context.stop = windlass::steps::StopSignal::new();
    let not_ours = Failure::permanent(Code::Cancelled, Side::Internal, "the run is no longer ours");
    *copy.host.gate.lock().unwrap() = Some(not_ours.clone());
    assert_eq!(copy.failure().await, not_ours);
    assert_eq!(copy.target.value("select a from t").await, "7");
    copy.close().await;
}

/// Ends the copy's session of that role once it is under way.
async fn terminate(copy: &Copy, role: &str) {
    copy.host.progress_with(|progress| progress.rows > Some(1000)).await;
    let name = copy.context.application_name(role);
    let ended =
        format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{name}'");
    assert_eq!(copy.source.value(&ended).await, "1");
}

#[tokio::test]
async fn a_source_that_dies_is_a_transient_failure_of_the_source() {
    let copy = endless().await;
    let (failure, ()) = tokio::join!(copy.failure(), terminate(&copy, "source"));
    assert_eq!((failure.side, failure.class), (Side::Source, FailureClass::Transient), "{failure:?}");
    assert_eq!(failure.code, Code::PostgresConnectionLost, "{failure:?}");
    copy.close().await;
}

#[tokio::test]
async fn a_target_that_dies_is_a_transient_failure_of_the_target() {
    let copy = endless().await;
    let (failure, ()) = tokio::join!(copy.failure(), terminate(&copy, "target"));
    assert_eq!((failure.side, failure.class), (Side::Target, FailureClass::Transient), "{failure:?}");
    assert_eq!(failure.code, Code::PostgresConnectionLost, "{failure:?}");
    copy.close().await;
}

#[tokio::test]
async fn a_new_attempt_ends_what_the_last_one_left() {
    let mut copy = Copy::of("t", "t", "create table t (a int); insert into t values (1)", "").await;
    let paused = copy.target.server().connect(&copy.context.application_name("target")).await.unwrap();
    let hidden = copy.context.hidden_name(0);
    paused.execute(&format!("create table {hidden} (a int)"), "an earlier attempt").await.unwrap();
    paused.execute(&format!("begin; alter table {hidden} rename to t"), "about to commit").await.unwrap();
    copy.context.attempt = 2;
    assert_eq!(copy.run().await.unwrap().rows, Some(1));
    assert!(paused.execute("commit", "too late").await.is_err());
    assert_eq!(copy.target.value("select a from t").await, "1");
    assert!(copy.host.find("left by an earlier attempt").is_some());
    copy.assert_nothing_left().await;
    copy.close().await;
}

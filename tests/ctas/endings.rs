use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass};
use windlass::domain::observation::CtasAttemptOutcome::Failed;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CtasIndex, IndexKey, WorkerGuarantee};
use windlass::postgres::Server;

use super::fixture::{
    attempts, execute, four_slots, hold, nothing_left, nothing_left_in, on, prepare, run, slow, step, value,
};
use crate::support::{eventually, server};

#[tokio::test]
async fn a_stop_in_the_middle_of_the_query_leaves_no_session_and_no_table() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let (context, host) = on(&database.server());
    let running = step("result", &slow(60.0), 2, 1, 1);
    let stop = async {
        host.progress_with(|progress| progress.phase.starts_with("attempt 1/1")).await;
        let workers = "select count(*) > 0 from pg_stat_activity where datname = current_database() \
                       and application_name like 'windlass/%/query' and leader_pid is not null";
        eventually("the query has workers", async || database.value(workers).await == "true").await;
        context.stop.cancel();
    };
    let (outcome, ()) = tokio::join!(run(&running, &context), stop);
    assert_eq!(outcome.unwrap_err().class, FailureClass::Cancelled);
    assert_eq!(attempts(&host), [], "what was stopped says nothing about workers");
    assert_eq!(database.value("to_regclass('result')").await, "null");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn a_stop_in_any_phase_leaves_the_old_table_and_nothing_else() {
    let (_server, database) = four_slots().await;
    execute(&database, "create table result as select 'old' as state").await;
    let holder = hold(&database, 3).await;
    let mut waits = step("result", &slow(0.05), 4, 2, 2);
    waits.workers.slot_wait = Duration::from_mins(1);
    let mut passes = waits.clone();
    passes.workers =
        WorkerGuarantee { slot_wait: Duration::ZERO, retry_delay: Duration::from_mins(1), ..passes.workers };
    for (step, phase, ahead) in [
        (&waits, "waiting for worker slots: lock", Some("lock worker-slots/1".to_owned())),
        (&waits, "waiting for worker slots: 1 free of 4", None),
        (&passes, "not run, next in 1m", None),
    ] {
        let (context, host) = on(&database);
        *host.ahead.lock().unwrap() = ahead;
        let stop = async {
            host.line_with(phase).await;
            context.stop.cancel();
        };
        stopped(run(step, &context), stop, &database).await;
        assert!(host.reserved.lock().unwrap().is_empty(), "the turn is given back: {phase}");
    }
    holder.stop().await.unwrap();

    let mut builds = step("result", "select id from pages", 4, 2, 1);
    builds.indexes = vec![CtasIndex {
        name: None,
        on: IndexKey::Sql("(id + length(slowly(id)::text))".into()),
        unique: false,
        primary_key: false,
        method: None,
        include: Vec::new(),
        condition: None,
    }];
    let slowly = "create function slowly(int) returns int immutable language plpgsql as \
                  'begin perform pg_sleep(0.2); return $1; end'";
    execute(&database, slowly).await;
    for (step, phase) in [(&waits, "attempt 1/2: running"), (&builds, "building index 1 of 1")] {
        let (context, host) = on(&database);
        let stop = async {
            host.progress_with(|progress| progress.phase.starts_with(phase)).await;
            context.stop.cancel();
        };
        stopped(run(step, &context), stop, &database).await;
    }
}

/// Runs a step that is stopped, and checks what is left.
async fn stopped(
    run: impl Future<Output = Result<Outcome, Failure>>,
    stop: impl Future<Output = ()>,
    database: &Server,
) {
    let (outcome, ()) = tokio::join!(run, stop);
    assert_eq!(outcome.unwrap_err().class, FailureClass::Cancelled);
    assert_eq!(value(database, "select state from result").await, "old");
    nothing_left(database).await;
}

#[tokio::test]
async fn a_stop_at_the_gate_and_a_gate_that_says_no_keep_the_old_table() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database.execute("create table result as select 'old' as state").await;
    let quick = step("result", "select id from pages", 2, 1, 1);

    let (context, host) = on(&database.server());
    let _open = host.hold_gate();
    let stop = async {
        host.gate_reached().await;
        context.stop.cancel();
    };
    let (outcome, ()) = tokio::join!(run(&quick, &context), stop);
    assert_eq!(outcome.unwrap_err().class, FailureClass::Cancelled);
    assert_eq!(database.value("select state from result").await, "old");
    nothing_left_in(&database).await;

    let (context, host) = on(&database.server());
    let lost = Failure::new(
        Code::NotOwner,
        FailureClass::Transient,
        windlass::domain::failure::Side::Internal,
        "the run is another daemon's",
    );
    *host.gate.lock().unwrap() = Some(lost.clone());
    assert_eq!(run(&quick, &context).await.unwrap_err(), lost);
    assert_eq!(database.value("select state from result").await, "old");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn an_error_of_the_query_is_no_shortage_and_leaves_nothing() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let (context, host) = on(&database.server());
    let failing = step("result", "select 1 / (id - 50) as x from pages", 2, 1, 5);
    let failure = run(&failing, &context).await.unwrap_err();
    assert_eq!((failure.code, failure.sqlstate.as_deref()), (Code::PostgresData, Some("22012")));
    assert_eq!(attempts(&host), [(0, Failed)]);
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn what_an_earlier_attempt_left_is_ended_first() {
    let database = server().database().await;
    prepare(&database.server()).await;
    let (mut context, _) = on(&database.server());
    let abandoned = database.server().connect(&context.application_name("query")).await.unwrap();
    let table = format!("create table {} as select 1", context.hidden_name(1));
    abandoned.execute(&table, "making a table").await.unwrap();
    context.attempt = 2;
    run(&step("result", "select id from pages", 2, 1, 1), &context).await.unwrap();
    assert!(abandoned.execute("select 1", "asking").await.is_err(), "its session was terminated");
    nothing_left_in(&database).await;
    database.close().await;
}

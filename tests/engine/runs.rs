//! One run: order, retry, timeout, cancel, retry from a step.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::state::{RunState, StepState};
use windlass::domain::step::StepKind;

use super::world::{WAIT, World, attempts, job, running, states};

/// Fails with a serialization failure until it was called so many times; a sequence counts through rollbacks.
fn fails_until(times: u32) -> String {
    format!(
        "do $$ begin if nextval('tries') < {times} then raise exception 'not yet' using errcode = '40001'; end if; end $$"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_in_order_and_later_ones_see_earlier_outcomes() {
    let world = World::new().await;
    world.database.execute("create table seen (what text)").await;
    let daemon = world.daemon().await;
    let job = job(
        "order",
        &[
            "insert into seen select 'first' from generate_series(1, 3)",
            "insert into seen values ('rows: ' || {{ steps.s0.rows }})",
        ],
    );
    let run = world.start(&job).await;
    let run = world.ended(run).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:#?}");
    assert_eq!(run.steps[0].attempts[0].outcome.as_ref().unwrap().rows, Some(3));
    assert_eq!(world.database.value("select max(what) from seen").await, "rows: 3");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_failure_is_tried_again_and_a_permanent_one_is_not() {
    let world = World::new().await;
    world.database.execute("create sequence tries").await;
    let daemon = world.daemon().await;
    let mut again = job("again", &[&fails_until(3)]);
    again.steps[0].retry = attempts(5);
    let mut never = job("never", &["select * from nowhere", "select 1"]);
    never.steps[0].retry = attempts(5);

    let (run, other) = (world.start(&again).await, world.start(&never).await);
    let run = world.ended(run).await;
    assert_eq!((run.state, states(&run, 0)), (RunState::Succeeded, vec!["failed", "failed", "succeeded"]));
    let other = world.ended(other).await;
    assert_eq!((other.state, states(&other, 0)), (RunState::Failed, vec!["failed"]));
    assert_eq!(other.steps[1].state, StepState::Skipped);
    let cause = other.cause().unwrap();
    assert_eq!((cause.code, cause.sqlstate.as_deref()), (Code::PostgresStatement, Some("42P01")));
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_the_work_on_the_server() {
    let world = World::new().await;
    let daemon = world.daemon().await;
    let mut slow = job("slow", &["select pg_sleep(600)"]);
    slow.steps[0].timeout = Some(Duration::from_millis(300));
    slow.steps[0].retry = attempts(2);
    let run = world.start(&slow).await;
    let run = world.ended(run).await;
    assert_eq!((run.state, states(&run, 0)), (RunState::Failed, vec!["timed_out", "timed_out"]));
    let sleeping =
        "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()";
    assert_eq!(world.database.value(sleeping).await, "0");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runs_timeout_counts_over_all_steps_and_retries() {
    let world = World::new().await;
    let daemon = world.daemon().await;
    let mut slow = job("slow", &["select 1", "select pg_sleep(600)"]);
    slow.timeout = Some(Duration::from_millis(500));
    slow.steps[1].retry = attempts(100);
    let run = world.start(&slow).await;
    let run = world.ended(run).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.cause().unwrap().code, Code::TimedOut);
    assert!(states(&run, 1).iter().all(|state| *state == "timed_out"), "{run:#?}");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_reaches_the_server_and_a_retry_goes_on_from_the_step() {
    let world = World::new().await;
    world.database.execute("create table go as select 1; create table done (step text)").await;
    let daemon = world.daemon().await;
    let job = job("long", &["insert into done values ('first')", WAIT]);
    let id = world.start(&job).await;
    world.until(id, |run| running(run) && run.steps[1].state == StepState::Running).await;
    world.store.cancel_run(id).await.unwrap();
    let run = world.ended(id).await;
    assert_eq!((run.state, states(&run, 1)), (RunState::Cancelled, vec!["cancelled"]));

    world.database.execute("delete from go").await;
    world.store.retry_run(id, 1, None).await.unwrap();
    let run = world.until(id, |run| run.state == RunState::Succeeded).await;
    assert_eq!(states(&run, 0), ["succeeded"], "a finished step isn't run again");
    assert_eq!(states(&run, 1), ["cancelled", "succeeded"]);
    assert_eq!(world.database.value("select count(*) from done").await, "1");
    let refused = world.store.retry_run(id, 0, None).await.unwrap_err();
    assert!(refused.to_string().contains("neither failed nor cancelled"), "{refused}");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_in_the_queue_is_cancelled_at_once() {
    let world = World::new().await;
    let id = world.start(&job("nobody", &["select 1"])).await;
    assert_eq!(world.store.cancel_run(id).await.unwrap(), RunState::Cancelled);
    assert_eq!(world.run(id).await.steps[0].state, StepState::Skipped);
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_an_attempt_is_a_file_that_says_why_it_failed() {
    let world = World::new().await;
    let daemon = world.daemon().await;
    let run = world.start(&job("broken", &["select * from nowhere"])).await;
    world.ended(run).await;
    let log = std::fs::read_to_string(windlass::engine::log_path(&world.logs(), run, 0, 1)).unwrap();
    assert!(log.contains("ERROR") && log.contains("nowhere"), "{log}");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_step_is_can_be_seen_from_elsewhere() {
    let world = World::new().await;
    world.database.execute("create view endless as select generate_series(1, 2000000000) as g").await;
    let daemon = world.daemon().await;
    let mut job = job("far", &["select 1"]);
    job.steps[0].kind = StepKind::CopyToStaging(
        serde_json::from_value(serde_json::json!({
            "from": "db", "source": {"table": {"table": "endless"}}, "to": "db", "table": "staged",
        }))
        .unwrap(),
    );
    let run = world.start(&job).await;
    let copying = world
        .until(run, |run| {
            let attempt = run.steps[0].attempts.last();
            attempt.and_then(|attempt| attempt.progress.as_ref()).is_some_and(|progress| progress.rows > Some(1000))
        })
        .await;
    let progress = copying.steps[0].attempts[0].progress.clone().unwrap();
    assert!(progress.phase.contains("endless") && progress.bytes > Some(1000), "{progress:?}");
    world.store.cancel_run(run).await.unwrap();
    let run = world.ended(run).await;
    assert_eq!(run.state, RunState::Cancelled);
    assert!(run.steps[0].attempts[0].progress.as_ref().is_some_and(|last| last.rows > Some(1000)), "{run:#?}");
    world.end(vec![daemon]).await;
}

//! Waiting for worker slots, so that nothing has to be cancelled.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::observation::CtasAttemptOutcome::{MinimumMet, Short, TargetMet};

use super::fixture::{
    attempts, execute, four_slots, hold, nothing_left, on, prepare, run, slot_waits, slow, step, user, value,
};
use crate::support::PrivateServer;

#[tokio::test]
async fn with_free_slots_the_first_attempt_has_the_target_without_a_wait() {
    let (_server, database) = four_slots().await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.03), 4, 2, 5);
    step.workers.slot_wait = Duration::from_mins(1);
    let outcome = run(&step, &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts, workers.target_met), (4, 4, 1, true));
    assert_eq!((workers.target, workers.minimum, workers.measure.as_str()), (4, 2, "exact"));
    assert!(workers.slot_wait_s < 1.0 && workers.lost_s.abs() < f64::EPSILON, "{workers:?}");
    assert_eq!(outcome.rows, Some(64));
    assert_eq!(attempts(&host), [(4, TargetMet)]);
    assert_eq!(slot_waits(&host).len(), 1);
    assert!(host.reserved.lock().unwrap().is_empty(), "the turn was given back");
    assert_eq!(value(&database, "select sum(id) from result").await, "2080");
    assert_eq!(value(&database, "select reltuples from pg_class where relname = 'result'").await, "64");
    nothing_left(&database).await;
}

#[tokio::test]
async fn slots_that_become_free_are_waited_for_and_no_attempt_is_wasted() {
    let (_server, database) = four_slots().await;
    let holder = hold(&database, 1).await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.02), 4, 2, 5);
    step.workers.slot_wait = Duration::from_mins(1);
    let release = async {
        let waiting = host.progress_with(|progress| progress.phase.starts_with("waiting for worker slots")).await;
        let told = format!("waiting for worker slots: 3 free of 4, held by process {} (test-holder as ", holder.pid());
        assert!(waiting.phase.starts_with(&told) && waiting.phase.contains("1 workers since "), "{waiting:?}");
        assert_eq!(host.reserved.lock().unwrap().len(), 1, "it has the turn while it waits");
        holder.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts, workers.target_met), (4, 1, true));
    assert!(workers.slot_wait_s > 0.0 && workers.lost_s.abs() < f64::EPSILON, "{workers:?}");
    assert_eq!(attempts(&host), [(4, TargetMet)]);
    assert_eq!(slot_waits(&host), [Duration::from_secs_f64(workers.slot_wait_s)]);
    nothing_left(&database).await;
}

#[tokio::test]
async fn when_waiting_is_over_attempts_pass_without_running_until_one_has_the_slots() {
    let (_server, database) = four_slots().await;
    let holder = hold(&database, 1).await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.02), 4, 2, 5);
    step.workers.slot_wait = Duration::from_millis(200);
    step.workers.retry_delay = Duration::from_millis(400);
    let release = async {
        host.line_with("attempt 2/5: 3 of 4 worker slots free, best so far 3, not run, next in 400ms").await;
        holder.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts, workers.target_met), (4, 3, true));
    assert!(workers.slot_wait_s >= 1.0 && workers.lost_s.abs() < f64::EPSILON, "{workers:?}");
    assert_eq!(attempts(&host), [(0, Short), (0, Short), (4, TargetMet)]);
    nothing_left(&database).await;
}

#[tokio::test]
async fn the_last_of_five_attempts_runs_with_the_slots_that_there_are() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 1).await;
    let (context, host) = on(&database);
    let workers = run(&step("result", &slow(0.02), 4, 2, 5), &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts, workers.target_met), (4, 3, 5, false));
    assert_eq!(attempts(&host), [(0, Short), (0, Short), (0, Short), (0, Short), (3, MinimumMet)]);
    nothing_left(&database).await;
}

#[tokio::test]
async fn with_fewer_free_slots_than_the_minimum_nothing_is_run_at_all() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 3).await;
    let (context, host) = on(&database);
    let failure = run(&step("result", &slow(0.2), 4, 2, 5), &context).await.unwrap_err();
    assert_eq!(failure.code, Code::WorkerShortage);
    let told = "at most 1 worker slots were free in 5 attempts, none of which was run";
    assert!(failure.message.contains(told), "{}", failure.message);
    assert_eq!(attempts(&host), [(0, Short); 5]);
    assert_eq!(
        value(&database, "select count(*) from pg_stat_activity where query like 'explain (analyze%'").await,
        "0"
    );
    nothing_left(&database).await;
}

#[tokio::test]
async fn slots_that_are_taken_at_the_last_moment_are_waited_for_again() {
    let (_server, database) = four_slots().await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.02), 4, 2, 5);
    step.workers.slot_wait = Duration::from_mins(1);
    // Between the last count and the statement somebody takes a slot.
    let (give_back, released) = std::sync::mpsc::channel::<()>();
    let rival = database.clone();
    let released = std::sync::Mutex::new(Some(released));
    *host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if !progress.phase.starts_with("attempt 1/5: running") {
            return;
        }
        let Some(released) = released.lock().unwrap().take() else { return };
        let (taken, has_taken) = std::sync::mpsc::channel();
        let rival = rival.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let holder = hold(&rival, 1).await;
                taken.send(()).unwrap();
                tokio::task::spawn_blocking(move || released.recv()).await.unwrap().unwrap();
                holder.stop().await.unwrap();
            });
        });
        has_taken.recv().unwrap();
    }));
    let release = async {
        host.line_with("the slots were taken at the last moment").await;
        give_back.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts, workers.target_met), (4, 1, true));
    assert_eq!(attempts(&host), [(4, TargetMet)], "no attempt was used up");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_turn_that_does_not_come_in_time_is_done_without() {
    let (_server, database) = four_slots().await;
    let (context, host) = on(&database);
    *host.ahead.lock().unwrap() = Some("lock worker-slots/1, behind run 7 of other".to_owned());
    let mut step = step("result", "select id from pages", 4, 2, 1);
    step.workers.slot_wait = Duration::from_millis(300);
    let workers = run(&step, &context).await.unwrap().workers.unwrap();
    assert!(workers.slot_wait_s >= 0.3, "{workers:?}");
    assert!(host.find("waiting for worker slots: lock worker-slots/1, behind run 7 of other").is_some());
    assert!(host.reserved.lock().unwrap().is_empty(), "it left the queue");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_user_with_a_higher_limit_has_slots_that_nobody_else_takes() {
    let server = PrivateServer::start(&["max_worker_processes=12", "max_parallel_workers=4"], false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let _holder = hold(&database, 4).await;
    execute(
        &database,
        "create role batch login; grant create on schema public to batch; grant select on pages to batch;
         grant pg_read_all_stats to batch; alter role batch set max_parallel_workers = 8",
    )
    .await;
    let (context, host) = on(&user(&database, "batch"));
    let mut step = step("result", "select id from pages", 4, 2, 1);
    step.workers.slot_wait = Duration::from_mins(1);
    let workers = run(&step, &context).await.unwrap().workers.unwrap();
    assert!(workers.target_met && workers.slot_wait_s < 1.0, "{workers:?}");
    assert!(host.find("grant pg_read_all_stats").is_none());
    nothing_left(&database).await;
}

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::observation::CtasAttemptOutcome::{MinimumMet, Short, TargetMet};

use super::fixture::{FOUR_SLOTS, attempts, hold, nothing_left, on, prepare, run, slow, step, value};
use crate::support::PrivateServer;

#[tokio::test]
async fn with_free_slots_the_first_attempt_has_the_target() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let (context, host) = on(&database);
    let outcome = run(&step("result", &slow(0.03), 4, 2, 5), &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts), (4, 4, 1));
    assert_eq!((workers.target, workers.minimum), (4, 2));
    assert_eq!(outcome.rows, Some(64));
    assert_eq!(attempts(&host), [(4, TargetMet)]);
    assert_eq!(value(&database, "select sum(id) from result").await, "2080");
    assert_eq!(value(&database, "select reltuples from pg_class where relname = 'result'").await, "64");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_short_attempt_is_cancelled_and_a_later_one_has_the_target() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let holder = hold(&database, 1).await;
    let (context, host) = on(&database);
    let step = step("result", &slow(0.05), 4, 2, 100);
    let release = async {
        host.line_with("attempt 1/100: launched 3 of 4, cancelled, next in 100ms").await;
        holder.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!(workers.achieved, 4);
    assert!(workers.attempts > 1, "{workers:?}");
    let counted = attempts(&host);
    assert_eq!(counted.len(), workers.attempts as usize);
    assert_eq!(counted.first(), Some(&(3, Short)));
    assert_eq!(counted.last(), Some(&(4, TargetMet)));
    nothing_left(&database).await;
}

#[tokio::test]
async fn the_last_attempt_goes_on_with_the_minimum() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let _holder = hold(&database, 2).await;
    let (context, host) = on(&database);
    let workers = run(&step("result", &slow(0.05), 4, 2, 2), &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts), (4, 2, 2));
    assert_eq!(attempts(&host), [(2, Short), (2, MinimumMet)]);
    assert_eq!(value(&database, "select count(*) from result").await, "64");
    nothing_left(&database).await;
}

#[tokio::test]
async fn below_the_minimum_the_step_fails_and_says_what_was_seen() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let _holder = hold(&database, 3).await;
    let (context, host) = on(&database);
    let failure = run(&step("result", &slow(0.2), 4, 2, 2), &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::WorkerShortage, FailureClass::Transient));
    assert!(failure.message.contains("launched at most 1 in 2 attempts"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("max_parallel_workers"));
    assert_eq!(attempts(&host), [(1, Short), (1, Short)]);
    assert!(host.find("attempt 2/2: launched 1 of 4, cancelled, no attempts left").is_some());
    assert_eq!(value(&database, "to_regclass('result')").await, "null");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_query_that_ends_before_anyone_looked_is_judged_by_the_exact_count() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let _holder = hold(&database, 3).await;
    let (context, host) = on(&database);
    let mut quick = step("result", "select id from pages", 4, 2, 2);
    quick.workers.first_look = std::time::Duration::from_mins(10);
    let failure = run(&quick, &context).await.unwrap_err();
    assert_eq!(failure.code, Code::WorkerShortage);
    assert_eq!(attempts(&host), [(1, Short), (1, Short)]);
    nothing_left(&database).await;
    quick.workers.minimum = 1;
    let workers = run(&quick, &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts), (1, 1));
    nothing_left(&database).await;
}

#[tokio::test]
async fn when_looking_fails_the_query_goes_on_and_is_judged_at_its_end() {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let _holder = hold(&database, 2).await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.1), 4, 2, 3);
    step.workers.first_look = std::time::Duration::from_millis(500);
    let blind = async {
        host.progress_with(|progress| progress.phase.starts_with("attempt 1/3")).await;
        let monitors = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                        where application_name like 'windlass/%/monitor'";
        assert_eq!(value(&database, monitors).await, "1");
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), blind);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts), (2, 1));
    assert!(host.find("can't look at the running query").is_some());
    assert_eq!(attempts(&host), [(2, MinimumMet)]);
    nothing_left(&database).await;
}

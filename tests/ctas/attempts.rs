//! Attempts that are run, looked at and cancelled: as a user who can't see what slots others hold.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::observation::CtasAttemptOutcome::{MinimumMet, Short, TargetMet};
use windlass::domain::step::Measure;

use super::fixture::{attempts, blind, four_slots, hold, nothing_left, on, run, slow, step, user, value};

#[tokio::test]
async fn a_short_attempt_is_cancelled_and_the_third_has_the_target() {
    let (_server, database) = four_slots().await;
    let holder = hold(&database, 1).await;
    let (context, host) = on(&blind(&database).await);
    let mut step = step("result", &slow(0.05), 4, 2, 5);
    step.workers.retry_delay = Duration::from_millis(400);
    let release = async {
        let second = "attempt 2/5: launched 3 of 4, best so far 3, cancelled, dropped, next in 400ms";
        host.line_with(second).await;
        holder.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts, workers.target_met), (4, 3, true));
    assert_eq!(attempts(&host), [(3, Short), (3, Short), (4, TargetMet)]);
    assert!(workers.lost_s > 0.8, "two attempts and two pauses: {workers:?}");
    assert!(workers.slot_wait_s < 0.1, "{workers:?}");
    let warning = host.find("grant pg_read_all_stats to \"blind\"").unwrap();
    assert!(warning.contains("free worker slots are not waited for"), "{warning}");
    nothing_left(&database).await;
}

#[tokio::test]
async fn the_last_of_five_attempts_goes_on_with_the_minimum() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 1).await;
    let (context, host) = on(&blind(&database).await);
    let outcome = run(&step("result", &slow(0.05), 4, 2, 5), &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts, workers.target_met), (4, 3, 5, false));
    assert_eq!(attempts(&host), [(3, Short), (3, Short), (3, Short), (3, Short), (3, MinimumMet)]);
    assert!(outcome.plan.unwrap().starts_with("Gather (3 of 4 workers, 64 rows)\n  Parallel Seq Scan on public.pages"));
    assert_eq!(value(&database, "select count(*) from result").await, "64");
    nothing_left(&database).await;
}

#[tokio::test]
async fn below_the_minimum_five_attempts_fail_and_say_what_was_seen() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 3).await;
    let (context, host) = on(&blind(&database).await);
    let failure = run(&step("result", &slow(0.2), 4, 2, 5), &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::WorkerShortage, FailureClass::Transient));
    assert!(failure.message.contains("launched at most 1 in 5 attempts"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("max_parallel_workers"));
    assert_eq!(attempts(&host), [(1, Short); 5]);
    assert!(host.find("attempt 5/5: launched 1 of 4, best so far 1, cancelled, dropped, no attempts left").is_some());
    // A failed attempt has no outcome; its tries are told with how far it came.
    let told = host.progress.lock().unwrap().last().unwrap().workers.clone().unwrap();
    assert_eq!((told.target, told.minimum, told.planned, told.achieved, told.tries.len()), (4, 2, 4, 1, 5));
    assert!(told.tries.iter().all(|one| one.ran && one.workers == 1 && one.short.is_some()), "{:?}", told.tries);
    assert_eq!(value(&database, "to_regclass('result')").await, "null");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_query_that_ends_before_anyone_looked_is_judged_by_the_exact_count() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 3).await;
    let (context, host) = on(&blind(&database).await);
    // Not quicker: a worker that ends before the last one is asked for would make room for it.
    let mut quick = step("result", &slow(0.01), 4, 2, 2);
    quick.workers.first_look = Duration::from_mins(10);
    let failure = run(&quick, &context).await.unwrap_err();
    assert_eq!(failure.code, Code::WorkerShortage);
    assert_eq!(attempts(&host), [(1, Short), (1, Short)]);
    assert!(host.find("attempt 1/2: ended with 1 of 4, best so far 1, dropped").is_some());
    nothing_left(&database).await;
    quick.workers.minimum = 1;
    let workers = run(&quick, &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts), (1, 1));
    // A sample can't tell, and says so.
    quick.measure = Measure::Sampled;
    quick.workers.minimum = 2;
    let outcome = run(&quick, &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((workers.measure.as_str(), workers.target_met, outcome.rows), ("sampled", false, Some(64)));
    assert!(host.find("ended before anyone saw its workers").is_some());
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_sample_finds_shortfalls_and_the_target_as_well() {
    let (_server, database) = four_slots().await;
    let holder = hold(&database, 1).await;
    let (context, host) = on(&blind(&database).await);
    let mut step = step("result", &slow(0.05), 4, 2, 50);
    step.measure = Measure::Sampled;
    let release = async {
        host.line_with("attempt 1/50: launched 3 of 4").await;
        holder.stop().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), release);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.target_met), (4, true));
    assert_eq!(value(&database, "select count(*) from result").await, "64");
    nothing_left(&database).await;
}

#[tokio::test]
async fn when_looking_fails_the_query_goes_on_and_is_judged_at_its_end() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 2).await;
    let (context, host) = on(&blind(&database).await);
    let mut step = step("result", &slow(0.1), 4, 2, 3);
    step.workers.first_look = Duration::from_millis(500);
    let lose_monitor = async {
        host.progress_with(|progress| progress.phase.starts_with("attempt 1/3: running")).await;
        let monitors = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                        where application_name like 'windlass/%/monitor'";
        assert_eq!(value(&database, monitors).await, "1");
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), lose_monitor);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts), (2, 1));
    assert!(host.find("can't look at the running query").is_some());
    assert_eq!(attempts(&host), [(2, MinimumMet)]);
    // Where the exact count says that it was too few, the next attempt has a monitor again.
    step.workers.minimum = 3;
    step.workers.attempts = 2;
    let (context, host) = on(&user(&database, "blind"));
    let lose_monitor = async {
        host.progress_with(|progress| progress.phase.starts_with("attempt 1/2: running")).await;
        value(
            &database,
            "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                          where application_name like 'windlass/%/monitor'",
        )
        .await;
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), lose_monitor);
    assert_eq!(outcome.unwrap_err().code, Code::WorkerShortage);
    assert_eq!(attempts(&host), [(2, Short), (2, Short)]);
    assert!(host.find("attempt 2/2: launched 2 of 4").is_some());
    nothing_left(&database).await;
}

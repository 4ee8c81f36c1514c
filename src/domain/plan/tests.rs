use proptest::prelude::*;

use super::*;

fn start() -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

fn view(steps: usize, attempts: u32) -> RunView {
    RunView {
        id: RunId(uuid::Uuid::from_u128(7)),
        steps: vec![RetryPolicy { attempts, ..RetryPolicy::default() }; steps],
        from_step: 0,
        round: 1,
        attempts: Vec::new(),
        cancel_requested: false,
        deadline: None,
        swept: Vec::new(),
    }
}

fn failure(class: FailureClass) -> Failure {
    Failure::new(Code::PostgresOther, class, Side::Source, "x")
}

fn ended(step: usize, number: u32, state: AttemptState, at: DateTime<Utc>, class: FailureClass) -> AttemptView {
    let failure = (state != AttemptState::Succeeded).then(|| failure(class));
    AttemptView { step, number, round: 1, state, ended_at: Some(at), failure }
}

#[test]
fn steps_run_in_order_and_the_run_ends_after_the_last() {
    let mut run = view(2, 1);
    assert_eq!(decide(&run, start()), Action::Start { step: 0, number: 1 });
    run.attempts.push(ended(0, 1, AttemptState::Succeeded, start(), FailureClass::Transient));
    assert_eq!(decide(&run, start()), Action::Start { step: 1, number: 1 });
    run.attempts.push(ended(1, 1, AttemptState::Succeeded, start(), FailureClass::Transient));
    assert_eq!(decide(&run, start()), Action::End { state: RunState::Succeeded, failure: None });
}

#[test]
fn a_lost_attempt_costs_nothing_of_the_users_budget_but_has_its_own() {
    let mut run = view(1, 1);
    for number in 1..LOST_ATTEMPTS {
        run.attempts.push(ended(0, number, AttemptState::Lost, start(), FailureClass::Transient));
        assert_eq!(decide(&run, start()), Action::Start { step: 0, number: number + 1 });
    }
    run.attempts.push(ended(0, LOST_ATTEMPTS, AttemptState::Lost, start(), FailureClass::Transient));
    assert_eq!(decide(&run, start()), Action::Sweep { step: 0 });
    run.swept.push(0);
    assert!(matches!(decide(&run, start()), Action::End { state: RunState::Failed, failure: Some(_) }));
}

#[test]
fn a_new_round_starts_where_it_was_told_to_with_a_fresh_budget() {
    let mut run = view(3, 1);
    run.attempts.push(ended(0, 1, AttemptState::Succeeded, start(), FailureClass::Permanent));
    run.attempts.push(ended(1, 1, AttemptState::Failed, start(), FailureClass::Permanent));
    assert!(matches!(decide(&run, start()), Action::End { state: RunState::Failed, .. }));
    run.round = 2;
    run.from_step = 1;
    assert_eq!(decide(&run, start()), Action::Start { step: 1, number: 2 });
}

#[test]
fn a_cancel_between_attempts_ends_the_run_but_not_one_that_is_done() {
    let mut run = view(1, 3);
    run.cancel_requested = true;
    assert_eq!(decide(&run, start()), Action::End { state: RunState::Cancelled, failure: None });
    run.attempts.push(ended(0, 1, AttemptState::Succeeded, start(), FailureClass::Permanent));
    assert_eq!(decide(&run, start()), Action::End { state: RunState::Succeeded, failure: None });
}

#[test]
fn a_run_whose_attempt_was_lost_ends_only_when_nothing_of_it_is_at_work() {
    let mut run = view(1, 1);
    run.cancel_requested = true;
    run.attempts.push(ended(0, 1, AttemptState::Lost, start(), FailureClass::Transient));
    assert_eq!(decide(&run, start()), Action::Sweep { step: 0 });
    // An attempt that came after may have failed before it could sweep.
    run.attempts.push(ended(0, 2, AttemptState::Failed, start(), FailureClass::Permanent));
    assert_eq!(decide(&run, start()), Action::Sweep { step: 0 });
    run.swept.push(0);
    assert_eq!(decide(&run, start()), Action::End { state: RunState::Cancelled, failure: None });
    // One that succeeded has swept where it wrote; there may be more.
    run.swept.clear();
    run.attempts.push(ended(0, 3, AttemptState::Succeeded, start(), FailureClass::Permanent));
    assert_eq!(decide(&run, start()), Action::Sweep { step: 0 });
}

#[test]
fn waiting_for_a_retry_never_outlasts_the_runs_deadline() {
    let mut run = view(1, 3);
    run.deadline = Some(start() + TimeDelta::seconds(1));
    run.attempts.push(ended(0, 1, AttemptState::Failed, start(), FailureClass::Transient));
    assert_eq!(decide(&run, start()), Action::Wait { until: start() + TimeDelta::seconds(1) });
    assert!(matches!(
        decide(&run, start() + TimeDelta::seconds(1)),
        Action::End { state: RunState::Failed, failure: Some(Failure { code: Code::TimedOut, .. }) }
    ));
}

fn end_state() -> impl Strategy<Value = (AttemptState, FailureClass)> {
    prop_oneof![
        4 => Just((AttemptState::Succeeded, FailureClass::Transient)),
        3 => Just((AttemptState::Failed, FailureClass::Transient)),
        1 => Just((AttemptState::Failed, FailureClass::Permanent)),
        1 => Just((AttemptState::TimedOut, FailureClass::Timeout)),
        1 => Just((AttemptState::Lost, FailureClass::Transient)),
        1 => Just((AttemptState::Cancelled, FailureClass::Cancelled)),
    ]
}

proptest! {
    /// Whatever the attempts do: the run ends, in order, within every budget, and never repeats a finished step.
    #[test]
    fn every_run_ends_within_its_budgets(
        steps in 1usize..5, attempts in 1u32..5,
        ends in proptest::collection::vec(end_state(), 200),
    ) {
        let mut run = view(steps, attempts);
        let mut now = start();
        let mut ends = ends.into_iter();
        let mut drained = 0u32;
        let final_state = loop {
            match decide(&run, now) {
                Action::Start { step, number } => {
                    prop_assert_eq!(Some(step), run.current_step());
                    // A drain may happen any number of times; here it stops so that the run can end.
                    let (mut state, class) = ends.next().unwrap_or((AttemptState::Succeeded, FailureClass::Transient));
                    if state == AttemptState::Cancelled { drained += 1; }
                    if drained > 10 { state = AttemptState::Succeeded; }
                    run.attempts.push(ended(step, number, state, now, class));
                }
                Action::Wait { until } => {
                    prop_assert!(until > now);
                    now = until;
                }
                Action::Sweep { step } => run.swept.push(step),
                Action::Attend => prop_assert!(false, "nothing is running"),
                Action::End { state, .. } => break state,
            }
        };
        for step in 0..steps {
            let of_step: Vec<_> = run.attempts.iter().filter(|attempt| attempt.step == step).collect();
            let spent = of_step.iter().filter(|a| matches!(a.state, AttemptState::Failed | AttemptState::TimedOut)).count();
            prop_assert!(spent <= attempts as usize);
            prop_assert!(of_step.iter().filter(|a| a.state == AttemptState::Lost).count() <= LOST_ATTEMPTS as usize);
            let successes = of_step.iter().filter(|a| a.state == AttemptState::Succeeded).count();
            prop_assert!(successes <= 1);
            prop_assert_eq!(successes == 1, final_state == RunState::Succeeded || step < run.current_step().unwrap_or(steps));
        }
    }
}

//! A run as spans of time, one row a step: what was at work, and what was waited for.
//!
//! What is recorded are attempts and locks. A wait is what lies between them, so each gap gets the reason that is known
//! for it. Pure: the same run at the same moment gives the same spans.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::run::{Attempt, Run, RunLock, RunStep};
use crate::domain::state::{AttemptState, RunState};

/// The rows of a run's timeline, and from when to when it reaches.
#[derive(Debug, PartialEq)]
pub(super) struct Spans {
    /// The run's own waits, then its steps.
    pub(super) rows: Vec<Row>,
    /// When it was made.
    pub(super) from: DateTime<Utc>,
    /// Its end, or now.
    pub(super) to: DateTime<Utc>,
}

/// One row.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// The step's id; none for the run's own row.
    pub(super) step: Option<String>,
    /// In the order of their beginnings.
    pub(super) spans: Vec<Span>,
}

/// A time in which one thing went on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    /// When it began.
    pub(super) from: DateTime<Utc>,
    /// When it ended, or now.
    pub(super) to: DateTime<Utc>,
    /// What went on.
    pub(super) what: What,
}

/// What goes on in a span.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// An attempt.
    Attempt {
        /// Its number.
        number: u32,
        /// Its state.
        state: AttemptState,
    },
    /// A wait, and for what.
    Wait(String),
    /// The time between two attempts, and the number of the second.
    Pause(u32),
}

impl Spans {
    /// The spans of a run as it is now.
    pub(super) fn of(run: &Run, now: DateTime<Utc>) -> Self {
        let to = run.ended_at.unwrap_or(now).max(run.created_at);
        let mut rows = vec![Row { step: None, spans: before_the_first_attempt(run, to) }];
        rows.extend(run.steps.iter().enumerate().map(|(index, step)| of_step(run, index, step, to)));
        let ends = rows.iter().flat_map(|row| &row.spans).map(|span| span.to).max();
        Self { rows, from: run.created_at, to: ends.map_or(to, |end| end.max(to)) }
    }
}

/// The run's own waits: for its locks, then for a daemon with a place free.
fn before_the_first_attempt(run: &Run, to: DateTime<Utc>) -> Vec<Span> {
    let first = run.steps.iter().flat_map(|step| &step.attempts).map(|attempt| attempt.started_at).min();
    let end = first.unwrap_or(to);
    let mut spans: Vec<Span> = run.locks.iter().filter(|lock| lock.step.is_none()).filter_map(wait_for_lock).collect();
    if let (RunState::Waiting, Some(for_what), None) = (run.state, &run.waiting_for, first) {
        let from = run.waiting_since.unwrap_or(run.created_at);
        spans.push(Span { from, to, what: What::Wait(for_what.clone()) });
    }
    let begun = spans.iter().map(|span| span.from).min().unwrap_or(end);
    if begun > run.created_at {
        spans.insert(0, Span { from: run.created_at, to: begun, what: What::Wait("a free place".to_owned()) });
    }
    spans
}

fn of_step(run: &Run, index: usize, step: &RunStep, to: DateTime<Utc>) -> Row {
    let mut spans: Vec<Span> =
        run.locks.iter().filter(|lock| lock.step == Some(index)).filter_map(wait_for_lock).collect();
    let mut before: Option<&Attempt> = None;
    for attempt in &step.attempts {
        if let Some(ended) = before.and_then(|before| before.ended_at) {
            spans.push(Span { from: ended, to: attempt.started_at, what: What::Pause(attempt.number) });
        }
        spans.extend(of_attempt(attempt, to));
        before = Some(attempt);
    }
    if let (RunState::Waiting, Some(for_what), Some(since)) = (run.state, &run.waiting_for, run.waiting_since)
        && is_next(run, index)
    {
        spans.push(Span { from: since, to, what: What::Wait(for_what.clone()) });
    }
    spans.retain(|span| span.to > span.from || matches!(span.what, What::Attempt { .. }));
    spans.sort_by_key(|span| span.from);
    Row { step: Some(step.id.clone()), spans }
}

/// An attempt; the time in which it waited for worker slots is told apart.
fn of_attempt(attempt: &Attempt, to: DateTime<Utc>) -> Vec<Span> {
    let end = attempt.ended_at.unwrap_or(to).max(attempt.started_at);
    let workers = attempt.outcome.as_ref().and_then(|outcome| outcome.workers.as_ref());
    let waited = workers.map_or(TimeDelta::zero(), |workers| seconds(workers.slot_wait_s));
    let begun = (attempt.started_at + waited).min(end);
    let work = What::Attempt { number: attempt.number, state: attempt.state };
    let mut spans = vec![Span { from: begun, to: end, what: work }];
    if waited > TimeDelta::milliseconds(50) {
        spans.insert(0, Span { from: attempt.started_at, to: begun, what: What::Wait("worker slots".to_owned()) });
    }
    spans
}

/// Whether this is the step that a run that has begun goes on with.
fn is_next(run: &Run, index: usize) -> bool {
    let done = |step: &RunStep| step.attempts.last().is_some_and(|last| last.state == AttemptState::Succeeded);
    run.steps.iter().any(|step| !step.attempts.is_empty())
        && run.steps.iter().position(|step| !done(step)) == Some(index)
}

fn wait_for_lock(lock: &RunLock) -> Option<Span> {
    let to = lock.granted_at?;
    let waited = seconds(lock.waited_s);
    // A lock that was free is asked for and granted in one transaction.
    (waited > TimeDelta::milliseconds(50)).then(|| Span {
        from: to - waited,
        to,
        what: What::Wait(format!("lock {}", lock.name)),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a wait")]
fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(value: &serde_json::Value) -> Run {
        let mut whole = json!({
            "id": "01890000-0000-7000-8000-000000000000", "job": "j", "state": "running", "trigger": "manual",
            "scheduled_for": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "params": {},
            "locks": [], "steps": []
        });
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
    }

    fn shown(spans: &Spans) -> Vec<String> {
        let rows = spans.rows.iter().flat_map(|row| {
            row.spans.iter().map(move |span| {
                let what = match &span.what {
                    What::Attempt { number, state } => format!("{number} {state}"),
                    What::Wait(what) => format!("wait {what}"),
                    What::Pause(number) => format!("pause {number}"),
                };
                let seconds = |time: DateTime<Utc>| (time - at(0)).num_seconds();
                format!("{}: {what} {}-{}", row.step.as_deref().unwrap_or("run"), seconds(span.from), seconds(span.to))
            })
        });
        rows.collect()
    }

    #[test]
    fn waits_before_between_and_within_attempts_have_their_reasons() {
        let run = run(&json!({
            "locks": [
                {"name": "api/a", "waited_s": 20.0, "token": 1, "granted_at": at(25)},
                {"name": "disk", "waited_s": 3.0, "token": 2, "granted_at": at(38), "step": 1}
            ],
            "steps": [
                {"id": "a", "kind": "sql", "state": "succeeded", "attempts": [
                    {"number": 1, "state": "failed", "started_at": at(25), "ended_at": at(27), "failure": null},
                    {"number": 2, "state": "succeeded", "started_at": at(30), "ended_at": at(34), "failure": null}]},
                {"id": "b", "kind": "parallel_ctas", "state": "running", "attempts": [
                    {"number": 1, "state": "succeeded", "started_at": at(38), "ended_at": at(50), "failure": null,
                     "outcome": {"workers": {"slot_wait_s": 5.0}}},
                    {"number": 2, "state": "running", "started_at": at(50), "failure": null}]}
            ]
        }));
        assert_eq!(
            shown(&Spans::of(&run, at(60))),
            [
                "run: wait a free place 0-5",
                "run: wait lock api/a 5-25",
                "a: 1 failed 25-27",
                "a: pause 2 27-30",
                "a: 2 succeeded 30-34",
                "b: wait lock disk 35-38",
                "b: wait worker slots 38-43",
                "b: 1 succeeded 43-50",
                "b: 2 running 50-60",
            ]
        );
    }

    #[test]
    fn a_run_that_waits_says_for_what_on_its_row_or_on_the_step_that_is_next() {
        let waiting = json!({"state": "waiting", "waiting_for": "lock x, behind run 1", "waiting_since": at(2)});
        assert_eq!(
            shown(&Spans::of(&run(&waiting), at(9))),
            ["run: wait a free place 0-2", "run: wait lock x, behind run 1 2-9"]
        );
        let mut begun = waiting;
        begun["steps"] = json!([
            {"id": "a", "kind": "sql", "state": "succeeded", "attempts": [
                {"number": 1, "state": "succeeded", "started_at": at(0), "ended_at": at(1), "failure": null}]},
            {"id": "b", "kind": "sql", "state": "pending", "attempts": []},
        ]);
        assert_eq!(shown(&Spans::of(&run(&begun), at(9))), ["a: 1 succeeded 0-1", "b: wait lock x, behind run 1 2-9"]);
    }

    #[test]
    fn a_run_in_the_queue_waits_for_a_place() {
        assert_eq!(shown(&Spans::of(&run(&json!({"state": "queued"})), at(3))), ["run: wait a free place 0-3"]);
    }
}

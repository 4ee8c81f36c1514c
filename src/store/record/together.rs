//! Facts that can be written for several runs by one statement each.

use tokio_postgres::types::Json;
use uuid::Uuid;

use super::Write;
use crate::domain::failure::Failure;
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::outcome::Outcome;
use crate::domain::state::{AttemptState, RunState};
use crate::store::connection::{Call, RELAXED};
use crate::store::wake::{CHANNEL, Wake};

/// What one run has to record, in this order.
#[derive(Default)]
pub(super) struct Facts<'w> {
    end: Option<End<'w>>,
    start: Option<(i32, i32)>,
    run_end: Option<(RunState, Option<&'w Failure>)>,
}

struct End<'w> {
    step: i32,
    number: i32,
    state: AttemptState,
    outcome: Option<&'w Outcome>,
    failure: Option<&'w Failure>,
}

/// These writes as facts that go with those of others; `None`: they move queues, or come in another order.
pub(super) fn facts(writes: &[Write]) -> Option<Facts<'_>> {
    let mut facts = Facts::default();
    for write in writes {
        match write {
            Write::End { step, number, state, outcome, failure } if facts.is_empty() => {
                let (outcome, failure) = (outcome.as_deref(), failure.as_deref());
                facts.end = Some(End { step: place(*step), number: count(*number), state: *state, outcome, failure });
            }
            Write::Start { step, number } if facts.start.is_none() && facts.run_end.is_none() => {
                facts.start = Some((place(*step), count(*number)));
            }
            Write::EndRun { state, failure, alone: true } if facts.start.is_none() && facts.run_end.is_none() => {
                facts.run_end = Some((*state, failure.as_deref()));
            }
            _ => return None,
        }
    }
    Some(facts)
}

impl Facts<'_> {
    const fn is_empty(&self) -> bool {
        self.end.is_none() && self.start.is_none() && self.run_end.is_none()
    }

    /// Whether they may be lost in a crash of the server: the sweep by name still finds a start's sessions.
    const fn is_only_a_start(&self) -> bool {
        self.start.is_some() && self.end.is_none() && self.run_end.is_none()
    }
}

/// The statements that write these facts, each of them only about runs that are this daemon's. Also says which of them
/// answers whose they are.
pub(super) fn statements<'w>(me: DaemonId, all: &[(RunId, Facts<'w>)]) -> (usize, Vec<Call<'w>>) {
    let mut calls = Vec::with_capacity(5);
    if all.iter().all(|(_, facts)| facts.is_only_a_start()) {
        calls.push(Call { statement: RELAXED, values: Vec::new() });
    }
    let own_at = calls.len();
    let runs: Vec<Uuid> = all.iter().map(|(run, _)| run.0).collect();
    let own = include_str!("../sql/record_own.sql");
    calls.push(Call { statement: own, values: vec![Box::new(me.0), Box::new(runs)] });
    let ends: Vec<(Uuid, &End<'w>)> = each(all, |facts| facts.end.as_ref());
    // In this order: a run has one running attempt at a time.
    calls.extend((!ends.is_empty()).then(|| ends_call(me, &ends)));
    let starts: Vec<(Uuid, &(i32, i32))> = each(all, |facts| facts.start.as_ref());
    calls.extend((!starts.is_empty()).then(|| starts_call(me, &starts)));
    let run_ends = each(all, |facts| facts.run_end.as_ref());
    calls.extend((!run_ends.is_empty()).then(|| run_ends_call(me, &run_ends)));
    (own_at, calls)
}

fn each<'f, 'w, T>(all: &'f [(RunId, Facts<'w>)], of: impl Fn(&'f Facts<'w>) -> Option<T>) -> Vec<(Uuid, T)> {
    all.iter().filter_map(|(run, facts)| Some((run.0, of(facts)?))).collect()
}

fn ends_call<'w>(me: DaemonId, ends: &[(Uuid, &End<'w>)]) -> Call<'w> {
    let column = |of: fn(&End<'w>) -> i32| ends.iter().map(|(_, end)| of(end)).collect::<Vec<i32>>();
    Call {
        statement: include_str!("../sql/record_ends.sql"),
        values: vec![
            Box::new(me.0),
            Box::new(ends.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>()),
            Box::new(column(|end| end.step)),
            Box::new(column(|end| end.number)),
            Box::new(ends.iter().map(|(_, end)| end.state.label()).collect::<Vec<_>>()),
            Box::new(ends.iter().map(|(_, end)| end.outcome.map(Json)).collect::<Vec<_>>()),
            Box::new(ends.iter().map(|(_, end)| end.failure.map(Json)).collect::<Vec<_>>()),
        ],
    }
}

fn starts_call<'w>(me: DaemonId, starts: &[(Uuid, &(i32, i32))]) -> Call<'w> {
    Call {
        statement: include_str!("../sql/record_starts.sql"),
        values: vec![
            Box::new(me.0),
            Box::new(starts.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>()),
            Box::new(starts.iter().map(|(_, (step, _))| *step).collect::<Vec<i32>>()),
            Box::new(starts.iter().map(|(_, (_, number))| *number).collect::<Vec<i32>>()),
        ],
    }
}

fn run_ends_call<'w>(me: DaemonId, ends: &[(Uuid, &(RunState, Option<&'w Failure>))]) -> Call<'w> {
    Call {
        statement: include_str!("../sql/record_run_ends.sql"),
        values: vec![
            Box::new(me.0),
            Box::new(ends.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>()),
            Box::new(ends.iter().map(|(_, (state, _))| state.label()).collect::<Vec<_>>()),
            Box::new(ends.iter().map(|(_, (_, failure))| failure.map(Json)).collect::<Vec<_>>()),
            Box::new(ends.iter().map(|(run, _)| Wake::Ended(RunId(*run)).payload()).collect::<Vec<_>>()),
            Box::new(CHANNEL),
        ],
    }
}

fn place(step: usize) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

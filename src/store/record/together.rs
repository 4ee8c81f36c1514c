//! Statements that write facts of several runs, or of one.

use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use super::facts::{Alert, End, Facts, RunEnd, Start};
use crate::domain::ids::{DaemonId, RunId};
use crate::store::connection::{Call, RELAXED, Value};
use crate::store::wake::{CHANNEL, Wake};

/// The statements that write these facts, each of them only about runs that are this daemon's. Also says which of them
/// answers whose they are.
pub(super) fn statements<'w>(me: DaemonId, all: &[(RunId, Facts<'w>)]) -> (usize, Vec<Call<'w>>) {
    let runs: Vec<RunId> = all.iter().map(|(run, _)| *run).collect();
    let relaxed = all.iter().all(|(_, facts)| facts.is_only_a_start());
    let first = if all.iter().any(|(_, facts)| facts.moves_queue()) {
        Some(guard(&runs))
    } else {
        relaxed.then(|| Call { statement: RELAXED, values: Vec::new() })
    };
    let own_at = usize::from(first.is_some());
    let own = include_str!("../sql/record_own.sql");
    let own = Call { statement: own, values: vec![Box::new(me.0), Box::new(ids(&runs))] };
    (own_at, first.into_iter().chain([own]).chain(writes(me, all)).collect())
}

/// Guards the queues that runs are in or hold up. Who guards queues does so before it holds a run, everywhere: the other way
/// round two could wait for each other.
pub(super) fn guard<'v>(runs: &[RunId]) -> Call<'v> {
    Call { statement: include_str!("../sql/queue_guard_runs.sql"), values: vec![Box::new(ids(runs))] }
}

/// The statements that write these facts, without what comes before them.
pub(super) fn writes<'w>(me: DaemonId, all: &[(RunId, Facts<'w>)]) -> Vec<Call<'w>> {
    // In this order: a run has one running attempt at a time, and stays its daemon's until the last of them.
    let movers: Vec<RunId> = all.iter().filter(|(_, facts)| facts.moves_queue()).map(|(run, _)| *run).collect();
    let parts = [
        call(&each(all, |facts| facts.end.as_ref()), |ends| self::ends(me, ends)),
        call(&each(all, |facts| facts.start.as_ref()), |starts| self::starts(me, starts)),
        call(&each(all, |facts| facts.alert.as_ref()), |alerts| self::alerts(me, alerts)),
        call(&movers, call_jobs),
        call(&each(all, |facts| facts.run_end.as_ref()), |ends| run_ends(me, ends)),
    ];
    parts.into_iter().flatten().collect()
}

fn each<'f, 'w, T>(all: &'f [(RunId, Facts<'w>)], of: impl Fn(&'f Facts<'w>) -> Option<T>) -> Vec<(Uuid, T)> {
    all.iter().filter_map(|(run, facts)| Some((run.0, of(facts)?))).collect()
}

/// A statement, if it has anything to write.
fn call<'w, T>(facts: &[T], write: impl FnOnce(&[T]) -> Call<'w>) -> Option<Call<'w>> {
    (!facts.is_empty()).then(|| write(facts))
}

fn ids(runs: &[RunId]) -> Vec<Uuid> {
    runs.iter().map(|run| run.0).collect()
}

fn ends<'w>(me: DaemonId, ends: &[(Uuid, &End<'w>)]) -> Call<'w> {
    of_runs(
        me,
        include_str!("../sql/record_ends.sql"),
        ends,
        vec![
            column(ends, |end| end.step),
            column(ends, |end| end.number),
            column(ends, |end| end.state.label()),
            column(ends, |end| end.outcome.map(Json)),
            column(ends, |end| end.failure.map(Json)),
        ],
    )
}

fn starts<'w>(me: DaemonId, starts: &[(Uuid, &Start)]) -> Call<'w> {
    let values = vec![column(starts, |start| start.step), column(starts, |start| start.number)];
    of_runs(me, include_str!("../sql/record_starts.sql"), starts, values)
}

fn alerts<'w>(me: DaemonId, alerts: &[(Uuid, &Alert)]) -> Call<'w> {
    let values = vec![column(alerts, |alert| alert.kind.label()), column(alerts, |alert| alert.by_settings)];
    of_runs(me, include_str!("../sql/record_alerts.sql"), alerts, values)
}

fn call_jobs<'w>(runs: &[RunId]) -> Call<'w> {
    Call {
        statement: include_str!("../sql/queue_call_jobs.sql"),
        values: vec![Box::new(ids(runs)), Box::new(CHANNEL), Box::new(Wake::Work.payload())],
    }
}

/// The statement that ends runs.
pub(super) fn run_ends<'w>(me: DaemonId, ends: &[(Uuid, &RunEnd<'w>)]) -> Call<'w> {
    let hints: Vec<String> = ends.iter().map(|(run, _)| Wake::Ended(RunId(*run)).payload()).collect();
    of_runs(
        me,
        include_str!("../sql/record_run_ends.sql"),
        ends,
        vec![
            column(ends, |end| end.state.label()),
            column(ends, |end| end.failure.map(Json)),
            Box::new(hints),
            Box::new(CHANNEL),
        ],
    )
}

/// A statement about several runs: its first two values are the daemon and the runs.
fn of_runs<'w, T>(me: DaemonId, statement: &'static str, facts: &[(Uuid, T)], more: Vec<Value<'w>>) -> Call<'w> {
    let runs: Vec<Uuid> = facts.iter().map(|(run, _)| *run).collect();
    let mut values: Vec<Value<'w>> = vec![Box::new(me.0), Box::new(runs)];
    values.extend(more);
    Call { statement, values }
}

/// One value for each of the runs.
fn column<'w, T, V>(facts: &[(Uuid, &T)], of: impl Fn(&T) -> V) -> Value<'w>
where
    V: ToSql + Sync + Send + 'w,
{
    Box::new(facts.iter().map(|(_, fact)| of(fact)).collect::<Vec<V>>())
}

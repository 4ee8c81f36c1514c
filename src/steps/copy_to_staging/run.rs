//! One attempt of a copy, from the first look to the last commit.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::{CopyStep, CopyVerify, LoadMode};
use crate::postgres::replacement;
use crate::postgres::{self, Place, Server, Session};
use crate::steps::marker::Mark;
use crate::steps::{StepContext, session, sweep};

use super::staging::Plan;
use super::table::Table;
use super::work::{TableWork, Work};
use super::worker::Job;
use super::{publish, staging, worker};
use crate::steps::reading::meter::Meter;
use crate::steps::reading::rate::Copied;
use crate::steps::reading::snapshot::{self, LIMITS, Snapshot};
use crate::steps::reading::{part, source, streams};

/// Sessions on the target at least, where there is so much to build and analyze: it is the target's work alone, and goes
/// on while rows come in.
const BUILDERS: usize = 4;

/// Parts for each stream: a COPY costs nothing to begin.
const PARTS_A_STREAM: u32 = 4;

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &CopyStep, context: &StepContext) -> Result<Outcome, Failure> {
    let from = context.environment.postgres(&step.from)?;
    let to = context.environment.postgres(&step.to)?;
    context.host.progress(Progress::phase("connecting"));
    let control = session::open(to, "control", Side::Target, context).await?;
    let result = Box::pin(attempt(step, from, to, &control, context)).await;
    session::end(control, &result, context).await;
    if result.is_err() {
        // Only now: while sessions lived they could still have held or made tables.
        sweep::clean_up(to, context).await;
    }
    result
}

async fn attempt(
    step: &CopyStep,
    from: &Server,
    to: &Server,
    control: &Session,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    sweep::sweep(control, Side::Target, context).await?;
    let prepare = control.execute(LIMITS, "preparing the session");
    control.run_until(&context.stop, Side::Target, prepare).await?;
    context.host.progress(Progress::phase("looking at both sides"));
    let snapshot = snapshot::take(from, step.streams > 1, context).await?;
    let planned = Box::pin(plan(step, &snapshot, control, context)).await;
    let Plan { tables, replacements } = match planned {
        Ok(Planned::Copy(plan)) => plan,
        Ok(Planned::Done(outcome)) => {
            snapshot.session.close().await;
            return Ok(*outcome);
        }
        Err(failure) => {
            session::stop(snapshot.session, context).await;
            return Err(failure);
        }
    };
    let began = Instant::now();
    let lsn = snapshot.lsn.clone();
    let (job, streams) = Box::pin(copy(step, tables, snapshot, from, to, context)).await?;
    let refer = Box::pin(replacement::refer(control, &replacements));
    control.run_until(&context.stop, Side::Target, refer).await?;
    let copied = job.meter.copied();
    Box::pin(publish::publish(step, &job.tables, &replacements, &copied, control, context)).await?;
    Ok(outcome(step, &job.tables, &copied, streams, began, lsn))
}

/// What the first look came to.
enum Planned {
    /// An earlier attempt has committed the rows; only its record of it was lost.
    Done(Box<Outcome>),
    Copy(Plan),
}

async fn plan(
    step: &CopyStep,
    snapshot: &Snapshot,
    control: &Session,
    context: &StepContext,
) -> Result<Planned, Failure> {
    let sources = source::describe(step, &snapshot.session, context).await?;
    let names = staging::names(step, &sources, context)?;
    let places = postgres::places(control, &names);
    let places = control.run_until(&context.stop, Side::Target, places).await?;
    if step.mode != LoadMode::Replace
        && let Some(rows) = committed(places.first(), control, context).await?
    {
        context.info(format!("an earlier attempt has committed these {rows} rows"));
        return Ok(Planned::Done(Box::new(Outcome { rows: Some(rows), ..Outcome::default() })));
    }
    let parts = part::divide(sources.iter(), step.streams, PARTS_A_STREAM);
    let targets = names.into_iter().zip(places).collect();
    let plan = staging::plan(step, sources, parts, targets, control, context).await?;
    // Tables that several streams fill must be there for all of them.
    let shared: Vec<&str> =
        plan.tables.iter().filter(|table| !table.frozen()).map(|table| table.staging.create.as_str()).collect();
    if !shared.is_empty() {
        let shared = shared.join("; ");
        let make = control.execute(&shared, "making the new tables");
        control.run_until(&context.stop, Side::Target, make).await?;
    }
    Ok(Planned::Copy(plan))
}

async fn committed(place: Option<&Place>, control: &Session, context: &StepContext) -> Result<Option<u64>, Failure> {
    let Some(place) = place else { return Ok(None) };
    let mark = Mark::of(context);
    control.run_until(&context.stop, Side::Target, mark.found(control, place)).await
}

/// Moves all rows, and completes the new tables.
async fn copy(
    step: &CopyStep,
    tables: Vec<Table>,
    snapshot: Snapshot,
    from: &Server,
    to: &Server,
    context: &StepContext,
) -> Result<(Arc<Job>, usize), Failure> {
    let loads: usize = tables.iter().map(|table| table.parts.len()).sum();
    let streams = usize::try_from(step.streams).unwrap_or(1).clamp(1, loads.max(1));
    let work: Vec<TableWork> = tables
        .iter()
        .map(|table| TableWork {
            parts: table.parts.iter().map(|part| part.bytes).collect(),
            compare: step.verify == CopyVerify::Checksum,
            stages: table.staging.stages.iter().map(Vec::len).collect(),
            analyze: table.staging.swapped,
        })
        .collect();
    let things: usize = work.iter().map(|work| work.stages.iter().sum::<usize>() + usize::from(work.analyze)).sum();
    let meter = Meter::new(
        tables.iter().map(|table| (table.source.name.clone(), table.source.rows_expected, table.parts.len())),
    );
    let sources = streams::open(snapshot, from, streams, context).await?;
    let mut own = context.clone();
    own.stop = context.stop.child_token();
    let job = Arc::new(Job::new(own, to.clone(), tables, meter, Work::new(work)));
    let mut workers = JoinSet::new();
    let builders = BUILDERS.min(things).saturating_sub(streams);
    let sources = sources.into_iter().map(Some).chain((0..builders).map(|_| None));
    for (number, source) in sources.enumerate() {
        workers.spawn(worker::work(Arc::clone(&job), source, number));
    }
    streams::finish(workers, &job.meter, &job.context.stop, context).await?;
    Ok((job, streams))
}

fn outcome(
    step: &CopyStep,
    tables: &[Table],
    copied: &[Copied],
    streams: usize,
    began: Instant,
    lsn: Option<String>,
) -> Outcome {
    let mut formats: Vec<&str> = tables.iter().map(|table| table.format.label()).collect();
    formats.sort_unstable();
    formats.dedup();
    let all = crate::steps::reading::meter::sum(copied);
    let one = if let [only] = tables { Some(only.staging.table.to_string()) } else { None };
    let several = tables.iter().zip(copied).map(|(table, copied)| (table.staging.table.to_string(), copied.rows));
    Outcome {
        rows: Some(all.rows),
        bytes: Some(all.bytes),
        format: Some(formats.join(" and ")),
        tables: if one.is_some() { std::collections::BTreeMap::new() } else { several.collect() },
        table: one,
        streams: u32::try_from(streams).ok(),
        seconds: Some((began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0),
        lsn,
        verified: Some(if step.verify == CopyVerify::Checksum { "checksum" } else { "rows" }.to_owned()),
        ..Outcome::default()
    }
}

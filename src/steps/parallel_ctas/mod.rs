//! The step kind `parallel_ctas`: `CREATE TABLE … AS` with a guaranteed number of parallel workers.
//!
//! PostgreSQL decides twice how many workers a query gets: when it plans, and when the plan's Gather starts, once, from
//! what slots are free. So the plan is asked first, and a query that it gives too few workers is never run. Then the
//! query runs while another session looks at it; a shortfall is cancelled and tried again, and the last attempt goes
//! on with the minimum.
//!
//! The table is made under a hidden name and swapped in by one transaction, so readers of the old one see no gap. Every
//! way out ends the sessions on the server and drops the hidden table. Raising what makes PostgreSQL plan more
//! workers, and waiting for free slots instead of trying, is not done here.

mod attempt;
mod diagnosis;
mod look;
mod plan;
mod publish;
mod query;
mod verdict;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::{Outcome, Workers};
use crate::domain::progress::Progress;
use crate::domain::step::CtasStep;
use crate::postgres::{Session, drop_hidden_tables};

use self::attempt::Ended;
use self::query::CtasQuery;
use super::StepContext;
use super::{session, sweep};

/// Runs one attempt of the step, which makes up to `workers.attempts` attempts to get the workers.
pub(super) async fn run(step: &CtasStep, context: &StepContext) -> Result<Outcome, Failure> {
    let server = context.environment.postgres(&step.connection)?;
    let table = context.table(&step.table)?;
    let text = context.scope.sql(&step.query)?;
    let monitor = session::open(server, "monitor", Side::Target, context).await?;
    let result = Box::pin(on_server(step, &table, &text, &monitor, context)).await;
    if result.is_err() {
        clean_up(&monitor, context).await;
    }
    session::end(monitor, &result, context).await;
    result
}

async fn on_server(
    step: &CtasStep,
    table: &crate::domain::ids::TableName,
    text: &str,
    monitor: &Session,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    sweep::sweep(monitor, Side::Target, context).await?;
    context.host.progress(Progress::phase("checking the plan"));
    let place = publish::check(step.mode, table, monitor, context).await?;
    let query = CtasQuery { text, place: &place, unlogged: step.unlogged, guarantee: &step.workers };
    let planned = query.check_plan(monitor, context).await?;
    let (session, made) = Box::pin(until_enough(&query, planned, monitor, context)).await?;
    let result = publish::publish(step.mode, &place, &made.hidden, &session, context).await;
    session::end(session, &result, context).await;
    result?;
    let workers = Workers {
        target: step.workers.target,
        minimum: step.workers.minimum,
        planned: made.report.planned,
        achieved: made.report.launched,
        attempts: made.number,
        slot_wait_s: 0.0,
    };
    Ok(Outcome {
        rows: Some(made.report.rows),
        workers: Some(workers),
        table: Some(table.to_string()),
        ..Outcome::default()
    })
}

/// A table with its workers, still hidden.
struct Made {
    hidden: String,
    number: u32,
    report: plan::Report,
}

/// Attempts until one has its workers; returns the session that made the table.
async fn until_enough(
    query: &CtasQuery<'_>,
    planned: u32,
    monitor: &Session,
    context: &StepContext,
) -> Result<(Session, Made), Failure> {
    let guarantee = query.guarantee;
    let mut best = 0;
    for number in 1..=guarantee.attempts.max(1) {
        let phase = format!("attempt {number}/{}: running with {planned} workers planned", guarantee.attempts);
        context.host.progress(Progress::phase(phase));
        let hidden = context.hidden_name(number as usize);
        match Box::pin(attempt::run(query, number, planned, &hidden, monitor, context)).await? {
            Ended::Enough(session, report) => return Ok((*session, Made { hidden, number, report })),
            Ended::Short { seen } => best = best.max(seen),
        }
        if number < guarantee.attempts {
            context.unless_stopped(tokio::time::sleep(guarantee.retry_delay)).await?;
        }
    }
    Err(Failure::transient(
        Code::WorkerShortage,
        Side::Target,
        format!(
            "PostgreSQL planned {planned} parallel workers and launched at most {best} in {} attempts; at least {} are \
             needed",
            guarantee.attempts, guarantee.minimum
        ),
    )
    .with_hint(
        "other queries hold the worker slots: raise max_parallel_workers and max_worker_processes on the server, run \
         the job when it is less busy, or lower workers.minimum",
    ))
}

/// Drops what is left of the step after a failure or stop; its sessions have ended by then.
async fn clean_up(monitor: &Session, context: &StepContext) {
    let prefix = context.hidden_prefix();
    if drop_hidden_tables(monitor, &prefix).await.is_ok() {
        return;
    }
    // The monitor's connection is the one that may have broken while the query's did not.
    let again = Box::pin(monitor.server().connect(&context.application_name("cleanup"))).await;
    let dropped = match again {
        Ok(session) => {
            let dropped = drop_hidden_tables(&session, &prefix).await;
            session.close().await;
            dropped
        }
        Err(error) => Err(error),
    };
    if let Err(error) = dropped {
        context.warn(format!("the hidden table is left for the next attempt to drop: {error}"));
    }
}

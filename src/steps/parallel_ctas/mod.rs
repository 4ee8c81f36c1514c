//! The step kind `parallel_ctas`: `CREATE TABLE … AS` with a guaranteed number of parallel workers.
//!
//! PostgreSQL decides twice how many workers a query gets: when it plans, and when the plan's Gather starts, once, from
//! what slots are free. So the plan is asked first and the session tuned until it has the target; a query that can't be
//! had with the minimum is never run, and the reason is named. Then free slots are waited for, the query is sent behind a
//! guard that counts them once more, and another session looks at it; a shortfall is cancelled and tried again, and the
//! last attempt goes on with the minimum.
//!
//! The table is made under a hidden name and swapped in by one transaction, so readers of the old one see no gap. Every
//! way out ends the sessions on the server and drops the hidden table.
//!
//! ```text
//! check the place ─► tuning ─► (diagnosis) ─► attempts: wait for slots ─► guard, run ┬► publish
//!                                               ▲                                    │ look
//!                                               └────────── cancel, drop ◄───────────┘
//! ```

mod attempt;
mod attempts;
mod diagnosis;
mod indexes;
mod look;
mod plan;
mod plan_text;
mod publish;
mod rehearsal;
mod slots;
mod statement;
mod table_setting;
mod tuning;
mod verdict;

use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::CtasStep;
use crate::postgres::{Session, WorkerSlots};

use self::attempts::Attempts;
use self::slots::SlotWait;
use self::statement::Statement;
use self::tuning::Tuned;
use super::StepContext;
use super::{session, sweep};

/// Runs one attempt of the step, which makes up to `workers.attempts` attempts to get the workers.
pub(super) async fn run(step: &CtasStep, context: &StepContext) -> Result<Outcome, Failure> {
    let server = context.environment.postgres(&step.connection)?;
    let table = context.table(&step.table)?;
    let mut monitor = session::open(server, "monitor", Side::Target, context).await?;
    let result = Box::pin(on_server(step, &table, &mut monitor, context)).await;
    session::end(monitor, &result, context).await;
    if result.is_err() {
        sweep::clean_up(server, context).await;
    }
    result
}

async fn on_server(
    step: &CtasStep,
    table: &TableName,
    monitor: &mut Session,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    sweep::sweep(monitor, Side::Target, context).await?;
    context.host.progress(Progress::phase("checking the plan"));
    let target = publish::check(step.mode, table, monitor, context).await?;
    let indexes = indexes::render(&step.indexes, &target.place, context)?;
    let statement = Statement::render(step, target, context)?;
    context.sent(&format!("create table {table} as\n{}", statement.text));
    let tuned = tuning::tune(step, &statement, monitor, context).await?;
    let possible = check(step, &statement, &tuned, monitor, context).await?;
    tuning::keep_serial(monitor, context).await?;
    rehearsal::rehearse(&statement, &indexes, monitor, context).await?;
    let wait = SlotWait::prepare(step.workers.slot_wait, monitor, context).await?;
    let attempts = Attempts::new(step, &statement, &tuned, possible, wait, context);
    let finished = Box::pin(attempts.until_enough(monitor)).await?;
    let publishing = async {
        tuning::keep_serial(&finished.session, context).await?;
        publish::publish(step, &statement.place, &finished.hidden, &indexes, &finished.session, context).await
    };
    let published = Box::pin(publishing).await;
    session::end(finished.session, &published, context).await;
    published?;
    Ok(Outcome {
        rows: Some(finished.made.rows),
        workers: Some(finished.workers),
        plan: Some(finished.made.plan.text()),
        table: Some(table.to_string()),
        ..Outcome::default()
    })
}

/// Whether plan and server can give the minimum at all; how many workers the server could launch if nobody else ran any.
async fn check(
    step: &CtasStep,
    statement: &Statement,
    tuned: &Tuned,
    session: &Session,
    context: &StepContext,
) -> Result<u32, Failure> {
    let (planned, guarantee) = (tuned.plan.planned(), &step.workers);
    context.debug(format!("the plan:\n{}", tuned.plan.text()));
    if planned < guarantee.minimum {
        return Err(diagnosis::too_few(step, statement, &tuned.plan, session, context).await);
    }
    let slots = session.run_until(&context.stop, Side::Target, WorkerSlots::count(session)).await?;
    if let Some(failure) = diagnosis::too_few_slots(&slots, guarantee.minimum) {
        return Err(failure);
    }
    let possible = slots.most();
    let why = if planned < guarantee.target { "PostgreSQL plans" } else { "the server can launch" };
    if planned.min(possible) < guarantee.target {
        context.warn(format!(
            "{why} {} workers where {} are wanted; it goes on, because {} are enough",
            planned.min(possible),
            guarantee.target,
            guarantee.minimum
        ));
    }
    Ok(possible)
}

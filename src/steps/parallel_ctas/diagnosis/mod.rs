//! Why PostgreSQL plans too few workers, and what to change. Asked only when the step fails for it.
//!
//! Causes are looked for from the most certain to the most general: what the plan shows by itself, what the catalogue says
//! about the functions that the query calls, what the server's settings forbid, and at last sizes and costs.

mod functions;
mod nodes;
mod settings;
mod tables;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Workers;
use crate::domain::step::CtasStep;
use crate::postgres::{PgError, Session, WorkerSlots};
use crate::steps::StepContext;

use super::plan::Plan;
use super::statement::Statement;

/// Most causes that a message names: mending one at a time, a query with three of them would fail three times.
const MOST_CAUSES: usize = 3;

/// A cause, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Cause {
    because: String,
    hint: String,
}

impl Cause {
    fn new(because: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { because: because.into(), hint: hint.into() }
    }
}

/// The failure of a query that is planned with fewer workers than the minimum.
pub(super) async fn too_few(
    step: &CtasStep,
    statement: &Statement,
    plan: &Plan,
    session: &Session,
    context: &StepContext,
) -> Failure {
    let hidden = context.hidden_name(0);
    let finding = session.run_until(&context.stop, Side::Target, causes(step, statement, plan, session, &hidden)).await;
    let causes = match finding {
        Ok(causes) => causes,
        Err(stopped) if context.stop.is_cancelled() => return stopped,
        Err(failure) => {
            vec![Cause::new(format!("looking for the reason failed: {failure}"), tables::general(plan.planned()))]
        }
    };
    let because: Vec<&str> = causes.iter().map(|cause| cause.because.as_str()).collect();
    let hints: Vec<&str> = causes.iter().map(|cause| cause.hint.as_str()).collect();
    let message = format!(
        "PostgreSQL plans the query with {} parallel workers; at least {} are needed: {}",
        plan.planned(),
        step.workers.minimum,
        because.join("; ")
    );
    Failure::permanent(Code::NotParallel, Side::Target, message).with_hint(hints.join("; "))
}

/// The failure of a server that could never launch the minimum, whatever the plan.
pub(super) fn too_few_slots(slots: &WorkerSlots, minimum: u32) -> Option<Failure> {
    let cause = settings::slots(slots, minimum)?;
    let message = format!("the server can't run {minimum} parallel workers: {}", cause.because);
    Some(Failure::permanent(Code::NotParallel, Side::Target, message).with_hint(cause.hint))
}

async fn causes(
    step: &CtasStep,
    statement: &Statement,
    plan: &Plan,
    session: &Session,
    hidden: &str,
) -> Result<Vec<Cause>, PgError> {
    let mut causes: Vec<Cause> = nodes::forbidding(plan);
    causes.extend(tables::temporary(plan, session).await?);
    causes.extend(functions::forbidding(statement, plan, session, hidden).await?);
    causes.extend(settings::forbidding(step, session).await?);
    if causes.is_empty() {
        causes.push(tables::too_small(plan, step.workers.minimum, session).await?);
    }
    causes.truncate(MOST_CAUSES);
    Ok(causes)
}
/// That none of the tries had enough; whether a query was run in any of them.
pub(super) fn shortage(had: &Workers, ran: bool) -> Failure {
    let Workers { minimum, planned, achieved: best, attempts, .. } = had;
    let had = if ran {
        format!("launched at most {best} in {attempts} attempts")
    } else {
        format!("at most {best} worker slots were free in {attempts} attempts, none of which was run")
    };
    let message = format!("PostgreSQL planned {planned} parallel workers, but {had}; at least {minimum} are needed");
    Failure::transient(Code::WorkerShortage, Side::Target, message).with_hint(
        "other queries hold the worker slots: raise max_parallel_workers and max_worker_processes on the server, run \
         the job when it is less busy, let it wait longer (workers.slot_wait), or lower workers.minimum",
    )
}

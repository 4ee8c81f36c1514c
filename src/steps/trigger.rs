//! The step kind `trigger`: another job's run, and on request its end.
//!
//! The engine makes one run per step however often the step is tried, so a retry looks at the same run again.

use std::collections::BTreeMap;

use super::StepContext;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::state::RunState;
use crate::domain::step::TriggerStep;

/// Runs one attempt.
pub(super) async fn run(step: &TriggerStep, context: &StepContext) -> Result<Outcome, Failure> {
    let job = context.scope.text(&step.job)?;
    let params = step
        .params
        .iter()
        .map(|(name, value)| Ok((name.clone(), context.scope.text(value)?)))
        .collect::<Result<BTreeMap<_, _>, Failure>>()?;
    context.unless_stopped(context.host.gate()).await??;
    let run = context.unless_stopped(context.host.trigger(&job, params)).await??;
    context.info(format!("triggered `{job}`: run {run}"));
    if step.wait {
        context.host.progress(Progress::phase(format!("waiting for {job}")));
        let state = context.unless_stopped(context.host.ended(run)).await??;
        if state != RunState::Succeeded {
            return Err(Failure::permanent(
                Code::TriggeredRun,
                Side::Target,
                format!("run {run} of `{job}`, which this step triggered and waited for, is {state}"),
            )
            .with_hint(format!("see why: windlass show {run}")));
        }
    }
    Ok(Outcome { run: Some(run.to_string()), ..Outcome::default() })
}

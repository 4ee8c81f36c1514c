//! `windlass show`: a run with its steps, and when it failed what is to be known about that.

use std::time::Duration;

use comfy_table::Cell;

use super::arguments::{Global, ShowArguments};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::watch::watched;
use super::{find, follow, format, output, table};
use crate::domain::run::{Run, RunStep};
use crate::domain::state::{RunState, StepState};

/// Shows a run.
pub(super) async fn run(arguments: &ShowArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let look = async || {
            let run = find::run(&opened.store, &arguments.run.run).await?;
            if global.json {
                output::json(&run)?;
            } else {
                print(&run, &opened.workspace.program)?;
            }
            Ok(Exit::Done)
        };
        watched(&arguments.watch, look).await
    })
    .await
}

/// Prints a run as people read it.
pub(super) fn print(run: &Run, program: &str) -> Result<(), CliError> {
    let style = |text: &str| console::style(text.to_owned());
    output::line(format!("{} of {}: {}", style("run").bold(), style(&run.job).bold(), run.state))?;
    output::line(format!("  id             {}", run.id))?;
    output::line(format!("  trigger        {}", run.trigger.label()))?;
    output::line(format!("  scheduled for  {}", format::time(run.scheduled_for)))?;
    if let Some(started) = run.started_at {
        output::line(format!("  started        {}", format::time(started)))?;
    }
    if let Some(took) = duration_of(run) {
        output::line(format!("  took           {}", format::duration(took)))?;
    }
    if !run.params.is_empty() {
        let params: Vec<String> = run.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        output::line(format!("  params         {}", params.join(", ")))?;
    }
    for lock in &run.locks {
        let waited = format::duration(Duration::try_from_secs_f64(lock.waited_s).unwrap_or_default());
        output::line(format!("  lock           {} (waited {waited}, token {})", lock.name, lock.token))?;
    }
    if let Some(waiting) = &run.waiting_for {
        let since = run.waiting_since.map(|since| format!(", since {}", format::time(since))).unwrap_or_default();
        output::line(format!("  waits for      {waiting}{since}"))?;
    }
    output::line("")?;
    output::table(&steps(run))?;
    for step in run.steps.iter().filter(|step| step.state == StepState::Running) {
        if let Some(progress) = step.attempts.last().and_then(|attempt| attempt.progress.as_ref()) {
            output::line(format!("  {}: {}", step.id, follow::progress_line(progress)))?;
        }
    }
    if run.state == RunState::Failed {
        output::line("")?;
        output::line(failed(run, program))?;
    }
    Ok(())
}

/// A run's steps as a table.
pub(super) fn steps(run: &Run) -> comfy_table::Table {
    let mut table =
        table::new(&["STEP", "KIND", "STATE", ">ATTEMPTS", ">DURATION", ">ROWS", ">BYTES", "WORKERS p/a/t"]);
    for step in &run.steps {
        let outcome = step.attempts.iter().rev().find_map(|attempt| attempt.outcome.as_ref());
        let workers = outcome.and_then(|outcome| outcome.workers.as_ref());
        table.add_row([
            Cell::new(&step.id),
            Cell::new(&step.kind),
            table::state(step.state.label()),
            Cell::new(step.attempts.len()),
            Cell::new(format::or_dash(step_duration(step), format::duration)),
            Cell::new(format::or_dash(outcome.and_then(|outcome| outcome.rows), format::count)),
            Cell::new(format::or_dash(outcome.and_then(|outcome| outcome.bytes), format::bytes)),
            Cell::new(format::or_dash(workers, |workers| {
                format!("{}/{}/{}", workers.planned, workers.achieved, workers.target)
            })),
        ]);
    }
    table
}

/// What failed, what was done about it, and what to do next.
pub(super) fn failed(run: &Run, program: &str) -> String {
    let style = |text: &str| console::style(text.to_owned());
    let Some(failure) = run.cause() else { return "the run failed without saying why".to_owned() };
    let mut lines = Vec::new();
    let what = match run.failed_at() {
        Some((step, attempt)) => format!("step {}, attempt {}, {} side", step.id, attempt.number, failure.side.label()),
        None => "the run as a whole".to_owned(),
    };
    lines.push(format!("{} {what}", style("what failed:").red().bold()));
    let sqlstate = failure.sqlstate.as_ref().map(|state| format!(" (SQLSTATE {state})")).unwrap_or_default();
    lines.push(format!("  {} {}{sqlstate}", failure.code, failure.message));
    let excerpt = failure.excerpt.iter().flat_map(|excerpt| excerpt.lines());
    lines.extend(excerpt.map(|line| format!("    {line}")));
    lines.push(format!("{} {}", style("what was done:").bold(), run.what_was_done()));
    lines.push(style("what you can do:").bold().to_string());
    if let Some(hint) = &failure.hint {
        lines.push(format!("  {hint}"));
    }
    lines.push(format!("  {program} explain {}", failure.code));
    lines.push(format!("  {program} logs {}", run.id));
    lines.push(format!("  {program} retry {}", run.id));
    lines.join("\n")
}

/// How long a run took, if it has ended.
pub(super) fn duration_of(run: &Run) -> Option<Duration> {
    (run.ended_at? - run.started_at?).to_std().ok()
}

/// From the first start of a step to its last end.
fn step_duration(step: &RunStep) -> Option<Duration> {
    (step.attempts.last()?.ended_at? - step.attempts.first()?.started_at).to_std().ok()
}

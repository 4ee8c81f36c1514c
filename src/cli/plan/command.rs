//! The command: the job's steps with their templates rendered, and its next due times.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::lines::{Line, lines};
use crate::cli::arguments::{Global, PlanArguments};
use crate::cli::error::{CliError, Exit};
use crate::cli::workspace::{LogAs, Workspace};
use crate::cli::{clock, job_source, jobs, output, params};
use crate::domain::failure::Failure;
use crate::domain::job::{Job, Step};
use crate::domain::outcome::{Outcome, Workers};
use crate::domain::template::{LockScope, RunScope, Scope};

/// Due times that are shown.
const DUE: usize = 5;

/// A step as it would run.
#[derive(Serialize)]
struct PlannedStep<'j> {
    id: &'j str,
    kind: &'static str,
    #[serde(flatten)]
    settings: serde_json::Value,
    does: Vec<Line>,
}

/// Prints the plan of a job.
pub(crate) fn run(arguments: &PlanArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    let workspace = Workspace::open(global, LogAs::Command)?;
    let loaded = job_source::resolve(&workspace, &arguments.job)?;
    let job = &loaded.job;
    let now = clock::now();
    let mut scope = scope(job, given, now)?;
    scope.env = workspace.settings.env_values();
    let steps = job.steps.iter().map(|step| planned(step, &scope)).collect::<Result<Vec<_>, _>>()?;
    let locks = job.locks.iter().map(|lock| scope.text(lock)).collect::<Result<Vec<_>, _>>()?;
    let due = due(job, now)?;
    // What is shown may hold what the environment has brought into it.
    let masked = |text: &str| workspace.masker.text(text).into_owned();
    if global.json {
        let plan = json!({"job": job.name, "params": scope.params, "locks": locks, "steps": steps, "due": due});
        output::line(masked(&serde_json::to_string_pretty(&plan).unwrap_or_default()))?;
        return Ok(Exit::Done);
    }
    output::line(masked(&text(job, &scope, &locks, &steps, &due)))?;
    Ok(Exit::Done)
}

/// What templates see: parameters as they would be, everything that only a run knows as a placeholder.
fn scope(job: &Job, given: std::collections::BTreeMap<String, String>, now: DateTime<Utc>) -> Result<Scope, Failure> {
    let run = RunScope { id: "<run.id>".to_owned(), job: job.name.clone(), scheduled_for: now, attempt: 1 };
    let mut scope = Scope::of_run(run, crate::domain::params::complete(job, given)?, job.zone());
    scope.lock = LockScope { token: Some(0) };
    for step in &job.steps {
        let id = &step.id;
        let mut outcome = serde_json::Map::new();
        // Which tables a step will have is known to the run only.
        for key in Outcome::KEYS.iter().filter(|key| **key != "tables") {
            outcome.insert((*key).to_owned(), json!(format!("<steps.{id}.{key}>")));
        }
        let workers: serde_json::Map<_, _> =
            Workers::KEYS.iter().map(|key| ((*key).to_owned(), json!(format!("<steps.{id}.workers.{key}>")))).collect();
        outcome.insert("workers".to_owned(), workers.into());
        scope.steps.insert(id.clone(), outcome.into());
    }
    Ok(scope)
}

fn planned<'j>(step: &'j Step, scope: &Scope) -> Result<PlannedStep<'j>, Failure> {
    let mut settings = serde_json::Map::new();
    if let Some(timeout) = step.timeout {
        settings.insert("timeout_s".to_owned(), json!(timeout.as_secs_f64()));
    }
    settings.insert("attempts".to_owned(), json!(step.retry.attempts));
    if !step.locks.is_empty() {
        let locks = step.locks.iter().map(|lock| scope.text(lock)).collect::<Result<Vec<_>, _>>()?;
        settings.insert("locks".to_owned(), json!(locks));
    }
    Ok(PlannedStep {
        id: &step.id,
        kind: step.kind.label(),
        settings: settings.into(),
        does: lines(&step.kind, scope)?,
    })
}

/// The next due times with their offsets in the job's zone.
fn due(job: &Job, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
    let Some(schedule) = &job.schedule else { return Ok(Vec::new()) };
    let mut due = Vec::new();
    let mut after = now;
    while due.len() < DUE {
        let next = schedule.next_after(after).map_err(|error| Failure::bug(error.to_string()))?;
        let Some(next) = next else { break };
        due.push(next.with_timezone(&schedule.zone).to_rfc3339());
        after = next;
    }
    Ok(due)
}

fn text(job: &Job, scope: &Scope, locks: &[String], steps: &[PlannedStep<'_>], due: &[String]) -> String {
    let bold = |text: &str| console::style(text.to_owned()).bold().to_string();
    let mut lines = vec![bold(&format!("job {}", job.name))];
    lines.extend(job.description.iter().map(|description| format!("  {description}")));
    for (name, value) in &scope.params {
        lines.push(format!("  param {name} = {value}"));
    }
    lines.extend(locks.iter().map(|lock| format!("  lock {lock}, held for the whole run")));
    lines.extend(job.timeout.map(|limit| format!("  timeout {}", humantime::format_duration(limit))));
    for (index, step) in steps.iter().enumerate() {
        lines.push(String::new());
        lines.push(bold(&format!("{}. {} ({})", index + 1, step.id, step.kind)));
        if let serde_json::Value::Object(settings) = &step.settings {
            lines.extend(settings.iter().map(|(name, value)| format!("  {name}: {value}")));
        }
        for line in &step.does {
            if line.text.trim_end().contains('\n') {
                lines.push(format!("  {}:", line.label));
                lines.extend(line.text.trim_end().lines().map(|line| format!("    {line}")));
            } else {
                lines.push(format!("  {}: {}", line.label, line.text.trim_end()));
            }
        }
    }
    lines.push(String::new());
    match &job.schedule {
        Some(schedule) => {
            lines.push(bold(&format!("due: {}", jobs::schedule_in_words(schedule))));
            lines.extend(due.iter().map(|time| format!("  {time}")));
        }
        None => lines.push("no schedule: it runs when somebody starts it".to_owned()),
    }
    lines.join("\n")
}

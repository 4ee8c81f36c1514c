//! `windlass runs`.

use chrono_tz::Tz;
use comfy_table::Cell;

use super::arguments::{Global, RunsArguments};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::watch::watched;
use super::{clock, find, format, output, show, suggest, table};
use crate::actions::moment::{self, Edge};
use crate::domain::code::Code;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::store::{RunFilter, Store};

/// Lists runs, newest first.
pub(super) async fn run(arguments: &RunsArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        watched(&arguments.watch, async || list(&opened.store, arguments, global).await).await
    })
    .await
}

async fn list(store: &Store, arguments: &RunsArguments, global: &Global) -> Result<Exit, CliError> {
    let mut states = arguments.states.iter().map(|word| state(word)).collect::<Result<Vec<_>, _>>()?;
    states.extend(arguments.failed.then_some(RunState::Failed));
    let job = match &arguments.job {
        Some(name) => store.job(name).await?,
        None => None,
    };
    let zone = job.as_ref().map_or(Tz::UTC, |job| job.definition.job.zone());
    let since = arguments.since.as_ref().map(|text| moment::since(text, clock::now(), zone, Edge::From)).transpose()?;
    let limit = arguments.limit;
    let filter = RunFilter { job: arguments.job.clone(), states, since, limit, ..RunFilter::default() };
    let runs = store.runs(&filter).await?;
    // A job whose file is gone has a history all the same.
    if let (Some(name), true, None) = (&arguments.job, runs.is_empty(), &job) {
        return Err(find::no_job(store, name).await.into());
    }
    let narrowed = since.is_some() || !filter.states.is_empty();
    if global.json {
        output::json(&runs)?;
    } else if runs.is_empty() && narrowed {
        output::line("No such runs. `windlass runs` lists all of them.")?;
    } else if runs.is_empty() {
        output::line("No runs. `windlass run JOB` makes one here and now, `windlass trigger JOB` on the daemon.")?;
    } else {
        output::table(&listed(&runs))?;
        if arguments.failed {
            output::line("\nWhat failed and why: windlass show RUN. Again from the failed step: windlass retry RUN.")?;
        }
    }
    Ok(Exit::Done)
}

fn state(word: &str) -> Result<RunState, CliError> {
    word.parse().map_err(|_| {
        let known = RunState::ALL.iter().map(|state| state.label());
        let all = known.clone().collect::<Vec<_>>().join(", ");
        CliError::input(Code::Parameter, format!("`{word}` is not a state of a run"), {
            suggest::hint(word, known, &format!("states: {all}"))
        })
    })
}

fn listed(runs: &[Run]) -> comfy_table::Table {
    let mut table = table::new(&["RUN", "JOB", "STATE", "TRIGGER", "SCHEDULED FOR", ">DURATION", "WHAT"]);
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    for (run, id) in runs.iter().zip(format::short_ids(&ids)) {
        table.add_row([
            Cell::new(id),
            Cell::new(&run.job),
            table::state(run.state.label()),
            Cell::new(run.trigger.label()),
            Cell::new(format::time(run.scheduled_for)),
            Cell::new(format::or_dash(show::duration_of(run), format::duration)),
            Cell::new(what(run)),
        ]);
    }
    table
}

/// What a run waits for, is at, or failed of; one line.
fn what(run: &Run) -> String {
    if let Some(waiting) = &run.waiting_for {
        let since = run.waiting_since.map(|since| format!(", since {}", format::time(since))).unwrap_or_default();
        return format!("waits for {waiting}{since}");
    }
    match run.state {
        RunState::Failed | RunState::Cancelled => {
            let message = run.cause().map_or("", |failure| failure.message.lines().next().unwrap_or_default());
            message.chars().take(80).collect()
        }
        RunState::Running => {
            let at = run.steps.iter().find(|step| !step.attempts.is_empty() && !step.state.label().starts_with("succ"));
            at.map(|step| format!("at {}", step.id)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

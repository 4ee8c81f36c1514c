//! `windlass run`: one job here and now, by an engine of this process that claims nothing else.

use tokio_util::sync::CancellationToken;

use super::arguments::{Global, RunArguments};
use super::error::{CliError, Exit};
use super::follow::{Reporter, Watched, until_end};
use super::opened::Opened;
use super::signals::Signals;
use super::workspace::{LogAs, Workspace};
use super::{find, format, job_source, output, params, show, wire};
use crate::domain::ids::RunId;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::engine::Daemon;
use crate::spec::Loaded;
use crate::store::{NewRun, Scope};

/// Runs one job.
pub(super) async fn run(arguments: &RunArguments, global: &Global) -> Result<Exit, CliError> {
    let given = params::parse(&arguments.params)?;
    let workspace = Workspace::open(global, LogAs::Command)?;
    let loaded = job_source::resolve(&workspace, &arguments.job)?;
    let params = crate::domain::params::complete(&loaded.job, given)?;
    let from_step = arguments.from.as_ref().map_or(Ok(0), |id| find::step(&loaded.job, id))?;
    Workspace::check_duckdb()?;
    // From here on a signal is answered with a clean-up.
    let mut signals = Signals::of_command()?;
    let opened = Opened::open(workspace).await?;
    let new = NewRun { from_step, ..NewRun::manual(&loaded.job.name, "", params) };
    let result = Box::pin(to_its_end(&opened, loaded, new, global, &mut signals)).await;
    opened.close().await;
    result
}

async fn to_its_end(
    opened: &Opened,
    loaded: Loaded,
    mut new: NewRun,
    global: &Global,
    signals: &mut Signals,
) -> Result<Exit, CliError> {
    let settings = &opened.workspace.settings;
    let environment = wire::environment(settings, opened.embedded.as_ref())?;
    let store = &opened.store;
    job_source::save_triggered(&opened.workspace, store, &loaded.job, &loaded.base).await?;
    let name = loaded.job.name.clone();
    new.definition = store.save_job(&job_source::definition(loaded)).await?;

    let engine = wire::engine(settings, Scope::Own);
    let masker = opened.workspace.masker.clone();
    let daemon = Daemon::start(store.clone(), environment, opened.metrics.clone(), masker, engine).await?;
    let events = daemon.events();
    let mut reporter = Reporter::new(global.json);
    new.private_to = Some(daemon.id());
    let actor = opened.actor();
    let watched = match store.make_run(&actor, "run", &new).await {
        Ok(id) => {
            reporter.name(id, &name);
            reporter.say(id, &format!("run {id}"));
            until_end(store, &actor, &[id], events, &mut reporter, signals).await
        }
        Err(error) => Err(error.into()),
    };
    // Runs have ended; whoever has asked twice doesn't wait for those that haven't.
    let hurry = CancellationToken::new();
    if watched.as_ref().is_ok_and(|watched| watched.hurried) {
        hurry.cancel();
    }
    daemon.stop(hurry).await;
    finish(&watched?, new.id, &opened.workspace.program, global)
}

/// Prints how it came out and says with which exit code.
fn finish(watched: &Watched, asked_for: RunId, program: &str, global: &Global) -> Result<Exit, CliError> {
    let main = watched.runs.iter().find(|run| run.id == asked_for);
    let exit = match main.map(|run| run.state) {
        Some(RunState::Succeeded) => Exit::Done,
        _ if watched.interrupted => Exit::Interrupted,
        _ => Exit::RunFailed,
    };
    let printed = if global.json { main.map_or(Ok(()), output::json_line) } else { summary(&watched.runs, program) };
    match printed {
        // A reader that is gone doesn't change how the run came out.
        Ok(()) | Err(CliError::ReaderGone) => Ok(exit),
        Err(error) => Err(error),
    }
}

/// A table for each run, and what failed.
pub(super) fn summary(runs: &[Run], program: &str) -> Result<(), CliError> {
    for run in runs {
        let took = show::duration_of(run).map(|took| format!(" in {}", format::duration(took))).unwrap_or_default();
        output::line("")?;
        output::line(console::style(format!("{}: {}{took}", run.job, run.state)).bold().to_string())?;
        output::table(&show::steps(run))?;
        if run.state == RunState::Failed {
            output::line("")?;
            output::line(show::failed(run, program))?;
        }
    }
    Ok(())
}

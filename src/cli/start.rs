//! From the command line to a command, and from its result to an exit code.

use std::process::ExitCode;

use super::arguments::{Arguments, Command};
use super::error::{CliError, Exit, describe};
use super::{
    alerts, audit, backfill, cancel, check, completions, demo, doctor, explain, firings, jobs, locks, logs, man,
    notify, output, pause, plan, replica, resume, retry, run, runs, serve, show, trigger,
};

/// Runs the command, tells what went wrong, and says with which exit code the process should end.
pub async fn start(arguments: Arguments) -> ExitCode {
    let exit = match Box::pin(command(&arguments)).await {
        Ok(exit) => exit,
        Err(error) => {
            if let Some(failure) = error.failure() {
                output::note(describe(failure));
            }
            error.exit()
        }
    };
    exit.into()
}

async fn command(arguments: &Arguments) -> Result<Exit, CliError> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Demo(arguments) => demo::run(arguments, global).await,
        Command::Check(arguments) => check::run(arguments, global),
        Command::Plan(arguments) => plan::run(arguments, global),
        Command::Run(arguments) => run::run(arguments, global).await,
        Command::Serve => serve::run(global).await,
        Command::Jobs(watch) => jobs::run(watch, global).await,
        Command::Runs(arguments) => runs::run(arguments, global).await,
        Command::Show(arguments) => show::run(arguments, global).await,
        Command::Logs(arguments) => logs::run(arguments, global).await,
        Command::Trigger(arguments) => trigger::run(arguments, global).await,
        Command::Cancel(arguments) => cancel::run(arguments, global).await,
        Command::Retry(arguments) => retry::run(arguments, global).await,
        Command::Firings(arguments) => firings::run(arguments, global).await,
        Command::Pause(arguments) => pause::run(arguments, global).await,
        Command::Resume(arguments) => resume::run(arguments, global).await,
        Command::Backfill(arguments) => backfill::run(arguments, global).await,
        Command::Audit(arguments) => audit::run(arguments, global).await,
        Command::Locks(watch) => locks::run(watch, global).await,
        Command::Alerts(arguments) => alerts::run(arguments, global).await,
        Command::Notify(command) => notify::run(command, global).await,
        Command::Replica(command) => replica::run(command, global).await,
        Command::Doctor => doctor::run(global).await,
        Command::Schema => completions::schema(),
        Command::Openapi => completions::openapi(),
        Command::Explain(arguments) => explain::run(arguments, global),
        Command::Completions { shell } => completions::run(*shell),
        Command::Man { out } => man::run(out),
    }
}

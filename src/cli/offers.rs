//! What a shell offers while somebody types: names of jobs, ids of runs, states, codes.
//!
//! The script of `windlass completions` calls this program with the line so far (`clap_complete::env`). Names come from
//! the state database if it answers at once, else from job files. Nothing is started for it and nothing is said: who
//! types has asked no question, and an answer that is late or wrong is worse than none.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCompleter, PathCompleter, ValueCompleter};
use clap_complete::env::CompleteEnv;

use super::arguments::Arguments;
use super::{clock, wire};
use crate::domain::alert::AlertState;
use crate::domain::code::Code;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::postgres::embedded::Embedded;
use crate::settings::{Settings, Surroundings};
use crate::spec;
use crate::store::{JobRow, RunFilter, Store};
use crate::telemetry::Metrics;

/// The variable by which a shell's script says that it wants an offer, and for which shell.
pub(super) const VARIABLE: &str = "WINDLASS_COMPLETE";

/// How long somebody who types may be kept waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs that are offered, newest first.
const RUNS: u32 = 50;

/// Answers a shell and ends the process, if it was a shell that called. Called before anything else: nothing may have
/// been printed, and no thread may run.
pub fn answer() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The command line with what is offered for its arguments, by the names of their values.
fn command() -> Command {
    Arguments::command().mut_subcommands(offering)
}

fn offering(command: Command) -> Command {
    let states: &[RunState] = match command.get_name() {
        "cancel" => &[RunState::Queued, RunState::Waiting, RunState::Running],
        "retry" => &[RunState::Failed, RunState::Cancelled],
        _ => &[],
    };
    let words: Vec<&'static str> = match command.get_name() {
        "alerts" => AlertState::ALL.iter().map(|state| state.label()).collect(),
        _ => RunState::ALL.iter().map(|state| state.label()).collect(),
    };
    command.mut_args(|arg| argument(arg, states, &words)).mut_subcommands(offering)
}

fn argument(arg: Arg, states: &'static [RunState], words: &[&'static str]) -> Arg {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    match value.as_str() {
        "JOB" => arg.add(ArgValueCompleter::new(jobs)),
        "JOB_OR_FILE" | "REPLICA" => arg.add(ArgValueCompleter::new(jobs_and_files)),
        "RUN" => arg.add(ArgValueCompleter::new(move |typed: &OsStr| runs(typed, states))),
        "STATE" => {
            let words = words.to_vec();
            arg.add(ArgValueCompleter::new(move |typed: &OsStr| listed(&words, typed)))
        }
        "CODE" => arg.add(ArgValueCompleter::new(codes)),
        _ => arg,
    }
}

fn jobs(typed: &OsStr) -> Vec<CompletionCandidate> {
    let known = asked(async |store| store.jobs().await.ok());
    let offered = match known {
        // Before a daemon has loaded them there are none.
        Some(jobs) if !jobs.is_empty() => {
            jobs.into_iter().map(|JobRow { name, description, .. }| (name, description)).collect()
        }
        _ => of_files(),
    };
    let offered = offered.into_iter().filter(|(name, _)| begins(name, typed));
    offered.map(|(name, about)| CompletionCandidate::new(name).help(about.map(Into::into))).collect()
}

fn jobs_and_files(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut offered = jobs(typed);
    offered.extend(PathCompleter::any().complete(typed));
    offered
}

fn runs(typed: &OsStr, states: &[RunState]) -> Vec<CompletionCandidate> {
    let filter = RunFilter { states: states.to_vec(), limit: RUNS, ..RunFilter::default() };
    let found = asked(async |store| store.runs(&filter).await.ok()).unwrap_or_default();
    let about = |run: &Run| format!("{}, {}, {}", run.job, run.state, super::format::time(run.scheduled_for));
    let offered = found.iter().enumerate().map(|(place, run)| {
        let candidate = CompletionCandidate::new(run.id.to_string()).help(Some(about(run).into()));
        candidate.display_order(Some(place))
    });
    offered.filter(|candidate| begins(&candidate.get_value().to_string_lossy(), typed)).collect()
}

fn listed(words: &[&'static str], typed: &OsStr) -> Vec<CompletionCandidate> {
    words.iter().filter(|word| begins(word, typed)).map(|word| CompletionCandidate::new(*word)).collect()
}

fn codes(typed: &OsStr) -> Vec<CompletionCandidate> {
    let all = Code::ALL.iter().filter(|code| begins(code.as_str(), typed));
    all.map(|code| CompletionCandidate::new(code.as_str()).help(Some(code.title().into()))).collect()
}

fn begins(name: &str, typed: &OsStr) -> bool {
    typed.to_str().is_some_and(|typed| name.starts_with(typed))
}

/// Names and descriptions of the jobs in the files of the `jobs_dir`.
fn of_files() -> Vec<(String, Option<String>)> {
    let Some(settings) = settings() else { return Vec::new() };
    let files = spec::load_dir(&settings.jobs_dir, &settings.known(clock::now()));
    let jobs = files.into_iter().filter_map(|(_, loaded)| loaded.ok()).map(|loaded| loaded.job);
    jobs.map(|job| (job.name, job.description)).collect()
}

/// What the state database answers, if it is up and answers at once.
fn asked<T>(question: impl AsyncFnOnce(&Store) -> Option<T>) -> Option<T> {
    let settings = settings()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let answer = async {
            let server = match &settings.state {
                Some(_) => wire::state_server(&settings, None).ok()?,
                None => Embedded::running(&settings.data_dir, wire::STATE_DATABASE)?,
            };
            question(&Store::new(server, Metrics::new(env!("CARGO_PKG_VERSION"))).ok()?).await
        };
        tokio::time::timeout(PATIENCE, answer).await.ok()?
    })
}

/// The settings that the line so far names, if they can be read.
fn settings() -> Option<Settings> {
    Settings::load(config().as_deref(), &Surroundings::of_process()).ok()
}

/// The file that the line so far names, or the environment.
fn config() -> Option<PathBuf> {
    let line: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let matches = Arguments::command().ignore_errors(true).try_get_matches_from(line).ok()?;
    matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
}

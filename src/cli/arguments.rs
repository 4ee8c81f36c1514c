//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::alert_arguments::{AlertsArguments, NotifyCommand};
use super::schedule_arguments::{BackfillArguments, FiringsArguments, PauseArguments, ResumeArguments};
use super::watch::WatchArguments;

/// Moves data through PostgreSQL and DuckDB on a schedule, and it arrives.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Start with `windlass demo`, or with `windlass check` in a folder with windlass.yaml.\n\
    Exit codes: 0 done, 1 the run failed, 2 the input is wrong, 3 a needed service can't be reached, 130 interrupted.")]
pub struct Arguments {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What applies to every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Settings file; without it ./windlass.yaml, else /etc/windlass/windlass.yaml, else the defaults.
    #[arg(long, global = true, value_name = "FILE", env = "WINDLASS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print JSON where data is printed.
    #[arg(long, global = true)]
    pub json: bool,
    /// Log more to standard error: -v info, -vv debug.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to log to standard error, for example `windlass=debug`.
    #[arg(long, global = true, value_name = "FILTER", env = "WINDLASS_LOG", hide_env_values = true)]
    pub log: Option<String>,
}

/// The commands, in the order people meet them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline on an embedded PostgreSQL and generated data.
    Demo(DemoArguments),
    /// Validate job files and say everything that is wrong with them.
    Check(CheckArguments),
    /// Dry run: steps, SQL as it will be sent, the next due times.
    Plan(PlanArguments),
    /// Run one job here and now.
    Run(RunArguments),
    /// The daemon: schedules, runs, HTTP.
    Serve,
    /// List jobs.
    Jobs(WatchArguments),
    /// List runs, newest first.
    Runs(RunsArguments),
    /// Show a run with its steps and attempts.
    Show(ShowArguments),
    /// Print a run's log.
    Logs(LogsArguments),
    /// Queue a run of a job; a daemon runs it.
    Trigger(TriggerArguments),
    /// Ask for a run's end.
    Cancel(RunId),
    /// Queue a failed or cancelled run again, from the step that failed.
    Retry(RetryArguments),
    /// What became of a job's due times, and why.
    Firings(FiringsArguments),
    /// Stop running a job on its schedule.
    Pause(PauseArguments),
    /// Run a paused job on its schedule again.
    Resume(ResumeArguments),
    /// Queue runs for due times of the past that did not run.
    Backfill(BackfillArguments),
    /// Who did what: triggered, cancelled, retried, paused …
    Audit(AuditArguments),
    /// Who holds which lock, who waits, since when.
    Locks(WatchArguments),
    /// What somebody should have heard of, and whether they have.
    Alerts(AlertsArguments),
    /// Try whether alerts arrive.
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// How a published replica is, whether its file is whole, and the way back.
    #[command(subcommand)]
    Replica(ReplicaCommand),
    /// Check connections, privileges, worker settings, disks and clocks; say what mends each.
    Doctor,
    /// Print the JSON Schema of a job file, for editors.
    Schema,
    /// Print the OpenAPI document of the daemon's API.
    #[command(hide = true)]
    Openapi,
    /// Print the page of an error code.
    Explain(ExplainArguments),
    /// Print a shell's completion script.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write the manual pages, one for each command: for packages.
    #[command(hide = true)]
    Man {
        /// The folder that they are written to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// A run.
#[derive(Debug, Args)]
pub struct RunId {
    /// The run's id, or the beginning of it.
    #[arg(value_name = "RUN")]
    pub run: String,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The run.
    #[command(flatten)]
    pub run: RunId,
    /// Whether to look again and again.
    #[command(flatten)]
    pub watch: WatchArguments,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Where the demo lives; kept, and used again by the next call.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Job files, or folders of them; without any, the folder of jobs in the settings (`jobs_dir`).
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// A job's name, or a job file.
    #[arg(value_name = "JOB_OR_FILE")]
    pub job: String,
    /// A parameter.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// A job's name, or a job file.
    #[arg(value_name = "JOB_OR_FILE")]
    pub job: String,
    /// A parameter.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Start at this step.
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArguments {
    /// Runs of this job only.
    #[arg(long, value_name = "JOB")]
    pub job: Option<String>,
    /// Runs in this state only; can be given more than once.
    #[arg(long = "state", value_name = "STATE")]
    pub states: Vec<String>,
    /// Failed runs only: `--state failed`.
    #[arg(long, conflicts_with = "states")]
    pub failed: bool,
    /// Made at this time or later: 2h, 1d, 2026-11-01, 2026-11-01T06:30 (both in the job's zone with --job, else in UTC).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u32,
    /// Whether to look again and again.
    #[command(flatten)]
    pub watch: WatchArguments,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    /// Actions on this job only.
    #[arg(long, value_name = "JOB")]
    pub job: Option<String>,
    /// Actions on this run only: its id, or the beginning of it.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// The run's id, or the beginning of it.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Go on until the run has ended.
    #[arg(short, long)]
    pub follow: bool,
}

/// Arguments of `trigger`.
#[derive(Debug, Args)]
pub struct TriggerArguments {
    /// The job's name.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// A parameter.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// Arguments of `retry`.
#[derive(Debug, Args)]
pub struct RetryArguments {
    /// The run's id, or the beginning of it.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Start at this step instead of the one that failed.
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
}

/// What is to be done with a replica.
#[derive(Debug, Subcommand)]
pub enum ReplicaCommand {
    /// Show its generation, age, tables and what is wrong with it; the exit code is 1 if something is.
    Status(ReplicaName),
    /// Read its whole file and compare it with its manifest.
    Verify(ReplicaName),
    /// Go back to the generation before, or to another one that is kept; it is verified first.
    Rollback(RollbackArguments),
}

/// A replica.
#[derive(Debug, Args)]
pub struct ReplicaName {
    /// The replica's path or address (s3://…), or the name or file of the job that publishes it.
    #[arg(value_name = "REPLICA")]
    pub replica: String,
    /// A parameter of the job, where the replica's path depends on it.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// Arguments of `replica rollback`.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The replica.
    #[command(flatten)]
    pub name: ReplicaName,
    /// The generation to go back to.
    #[arg(long, value_name = "N")]
    pub to: Option<u64>,
    /// Do it although who did it can't be recorded: the state database is away.
    #[arg(long)]
    pub unrecorded: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code, for example WL0201; without it, all codes.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

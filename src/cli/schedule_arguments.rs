//! Arguments of the commands that act on a job's schedule and on its ledger of firings.

use clap::{Args, ValueEnum};

use crate::store::RunMissed;

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub struct PauseArguments {
    /// The job's name.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Why, for the others.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Don't ask.
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The job's name.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Run firings that the pause skipped: the newest, or all of them, oldest first.
    #[arg(long, value_name = "WHICH")]
    pub run_missed: Option<Which>,
    /// Don't ask.
    #[arg(short, long)]
    pub yes: bool,
}

/// Which of the firings that a pause skipped.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Which {
    /// The newest.
    Latest,
    /// All, oldest first.
    All,
}

impl From<Option<Which>> for RunMissed {
    fn from(which: Option<Which>) -> Self {
        match which {
            None => Self::None,
            Some(Which::Latest) => Self::Latest,
            Some(Which::All) => Self::All,
        }
    }
}

/// Arguments of `backfill`.
#[derive(Debug, Args)]
pub struct BackfillArguments {
    /// The job's name.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Due at this time or later: 2026-11-01, 2026-11-01T06:30 (both in the job's zone), 2026-11-01T06:30:00+09:00.
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Due at this time or earlier, a date meaning the whole day; without it, until now.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only list what would run.
    #[arg(long)]
    pub dry_run: bool,
    /// At most so many runs, oldest first.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Newest first.
    #[arg(long)]
    pub reverse: bool,
    /// As many at once as the daemons and the job's locks allow, instead of one after the other.
    #[arg(long)]
    pub parallel: bool,
    /// A parameter.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Don't ask.
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `firings`.
#[derive(Debug, Args)]
pub struct FiringsArguments {
    /// The job's name.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Due at this time or later: 2026-11-01, 2026-11-01T06:30 (both in the job's zone), 2026-11-01T06:30:00+09:00.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// At most so many, the newest.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

//! Arguments of the commands about alerts.

use clap::{Args, Subcommand};

/// Arguments of `alerts`.
#[derive(Debug, Args)]
pub struct AlertsArguments {
    /// Alerts of this job only.
    #[arg(long, value_name = "JOB")]
    pub job: Option<String>,
    /// Alerts in this state only (`pending`, `delivered`, `folded`, `given_up`, `unheard`); can be given more than once.
    #[arg(long = "state", value_name = "STATE")]
    pub states: Vec<String>,
    /// Recorded at this time or later: 2h, 1d, 2026-11-01, 2026-11-01T06:30 (both in UTC).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u32,
}

/// What is to be done about receivers of alerts.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test alert now, and say what each receiver answered.
    Test {
        /// A job's name, or a job file, whose `notify` is tried; without it that of windlass.yaml.
        #[arg(value_name = "JOB_OR_FILE")]
        job: Option<String>,
        /// Do it although who did it can't be recorded: the state database is away.
        #[arg(long)]
        unrecorded: bool,
    },
}

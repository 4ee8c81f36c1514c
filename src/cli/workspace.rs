//! What every command stands on: settings, masking, logging.
//!
//! The order matters: the masker knows the secrets before the first line can be logged.

use std::path::Path;
use std::sync::Arc;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::{clock, output};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::settings::{LogFormat, LoggingSettings, Settings, Surroundings};
use crate::spec::{self, Diagnostic, Known};
use crate::telemetry::{self, LogGuard, LogSettings, Masker};

/// What a command logs to standard error unless it is told otherwise. An attempt's own lines are shown by whoever
/// watches it.
const QUIET: &str = "warn,windlass::engine::host=off";

/// Settings, masking, logging.
pub(super) struct Workspace {
    /// The settings.
    pub settings: Arc<Settings>,
    /// Knows every secret of the settings.
    pub masker: Masker,
    /// How this program is called with these settings, for commands that are suggested.
    pub program: String,
    _log: Option<LogGuard>,
}

/// Who logs, and so how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogAs {
    /// A command at a terminal: standard error, few words.
    Command,
    /// The daemon: as configured.
    Daemon,
}

impl Workspace {
    /// Reads the settings and starts logging.
    pub(super) fn open(global: &Global, log_as: LogAs) -> Result<Self, CliError> {
        let settings =
            Settings::load(global.config.as_deref(), &Surroundings::of_process()).map_err(|found| wrong(&found))?;
        Self::with(settings, global, log_as)
    }

    /// Starts logging for settings that are known already.
    pub(super) fn with(settings: Settings, global: &Global, log_as: LogAs) -> Result<Self, CliError> {
        let masker = Masker::new(settings.secrets.iter().map(|secret| secret.reveal().to_owned()).collect());
        let log =
            telemetry::logging::start(&log_settings(&settings.logging, global, log_as), &masker).map_err(|error| {
                CliError::input(Code::Settings, chain(&error), "see --log and `logging` in windlass.yaml")
            })?;
        install_crypto();
        let program = program(global.config.as_deref());
        Ok(Self { settings: Arc::new(settings), masker, program, _log: Some(log) })
    }

    /// What job files may refer to.
    pub(super) fn known(&self) -> Known {
        self.settings.known(clock::now())
    }

    /// Refuses a DuckDB library of another version.
    pub(super) fn check_duckdb() -> Result<(), CliError> {
        crate::duckdb::check_version().map_err(|error| CliError::new(error.on(Side::Internal)))
    }
}

/// Tells what is wrong with a file on standard error.
pub(super) fn wrong(found: &[Diagnostic]) -> CliError {
    output::note(spec::print(found, console::colors_enabled_stderr()));
    CliError::Told(Exit::BadInput)
}

fn log_settings(logging: &LoggingSettings, global: &Global, log_as: LogAs) -> LogSettings {
    let verbose = match global.verbose {
        0 => None,
        1 => Some("info".to_owned()),
        _ => Some("info,windlass=debug".to_owned()),
    };
    let asked = global.log.clone().or(verbose);
    let plain = !console::colors_enabled_stderr();
    match log_as {
        LogAs::Command => {
            LogSettings { filter: Some(asked.unwrap_or_else(|| QUIET.to_owned())), plain, ..LogSettings::default() }
        }
        LogAs::Daemon => LogSettings {
            format: match logging.format {
                LogFormat::Console => telemetry::LogFormat::Console,
                LogFormat::Json => telemetry::LogFormat::Json,
            },
            directory: logging.directory.clone(),
            keep: usize::try_from(logging.keep).unwrap_or(usize::MAX),
            filter: asked,
            plain,
        },
    }
}

/// Names the implementation of cryptography for TLS, once for the process.
fn install_crypto() {
    // An error means that it was named before.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A failure of the machine that a command runs on.
pub(super) fn local(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::permanent(Code::LocalFile, Side::Internal, format!("{doing} `{}`: {error}", path.display()))
}

/// How this program is called with that settings file: by the name it was called by now, so that a suggested command
/// works where `windlass` isn't on PATH.
pub(super) fn program(config: Option<&Path>) -> String {
    let name = std::env::args().next().unwrap_or_else(|| "windlass".to_owned());
    config.map_or_else(|| name.clone(), |path| format!("{name} --config {}", path.display()))
}

//! Standard output: text for people, JSON for programs, and a quiet end when its reader is gone (`| head`).
//!
//! Nothing else in the program writes to standard output. Colours follow the terminal, `NO_COLOR` and `CLICOLOR`
//! (crate console decides).

use std::io::{self, IsTerminal, Write};

use comfy_table::Table;
use serde::Serialize;

use super::arguments::Global;
use super::error::{CliError, Exit};
use crate::domain::failure::Failure;
use crate::domain::run::Run;

/// Writes one line to standard output.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{}", text.as_ref()).and_then(|()| stdout.flush());
    written.map_err(|error| unwritable(&error))
}

/// Writes one line to standard error. A reader that is gone misses it.
pub(super) fn note(text: impl AsRef<str>) {
    drop(writeln!(io::stderr().lock(), "{}", text.as_ref()));
}

/// Writes a value as JSON, indented: one document.
pub(super) fn json(value: &impl Serialize) -> Result<(), CliError> {
    line(serde_json::to_string_pretty(value).map_err(|error| Failure::bug(format!("writing JSON: {error}")))?)
}

/// Writes a value as JSON on one line.
pub(super) fn json_line(value: &impl Serialize) -> Result<(), CliError> {
    line(serde_json::to_string(value).map_err(|error| Failure::bug(format!("writing JSON: {error}")))?)
}

/// Writes a table; lines don't end in blanks.
pub(super) fn table(table: &Table) -> Result<(), CliError> {
    line(table.trim_fmt())
}

/// Whether a person is looking.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn unwritable(error: &io::Error) -> CliError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return CliError::ReaderGone;
    }
    note(format!("error: writing to standard output: {error}"));
    CliError::Told(Exit::RunFailed)
}

/// What a command that acts on a run says: the run as JSON, or a sentence.
pub(super) fn told(global: &Global, run: &Run, sentence: &str) -> Result<Exit, CliError> {
    if global.json {
        json(run)?;
    } else {
        line(sentence)?;
    }
    Ok(Exit::Done)
}

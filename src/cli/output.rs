//! Standard output: text for people, JSON for programs, and a quiet end when its reader is gone (`| head`).
//!
//! Nothing else in the program writes to standard output. Colours follow the terminal, `NO_COLOR` and `CLICOLOR`
//! (crate console decides).

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use comfy_table::Table;
use serde::Serialize;

use super::arguments::Global;
use super::error::{CliError, Exit};
use crate::domain::failure::Failure;
use crate::domain::run::Run;

/// What is held back, while something is.
static HELD: Mutex<Option<String>> = Mutex::new(None);

/// Holds back what is written to standard output from now on.
pub(super) fn hold() {
    *HELD.lock().unwrap_or_else(PoisonError::into_inner) = Some(String::new());
}

/// What was held back; from now on nothing is any more.
pub(super) fn held() -> String {
    HELD.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
}

/// Writes one line to standard output.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), CliError> {
    if let Some(held) = HELD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        held.push_str(text.as_ref());
        held.push('\n');
        return Ok(());
    }
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

/// Why standard output can't be written.
pub(super) fn unwritable(error: &io::Error) -> CliError {
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

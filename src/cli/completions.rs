//! `windlass completions` and `windlass schema`: what other programs want to know about this one.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use super::error::{CliError, Exit};
use super::output;
use crate::spec;

/// Prints a shell's completion script.
pub(super) fn run(shell: Shell) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "windlass", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Done)
}

/// Prints the JSON Schema of a job file.
pub(super) fn schema() -> Result<Exit, CliError> {
    output::json(&spec::schema())?;
    Ok(Exit::Done)
}

/// Prints the OpenAPI document.
pub(super) fn openapi() -> Result<Exit, CliError> {
    output::line(crate::api::openapi().trim_end())?;
    Ok(Exit::Done)
}

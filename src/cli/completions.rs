//! `windlass completions` and `windlass schema`: what other programs want to know about this one.

use clap_complete::Shell;
use clap_complete::env::Shells;

use super::error::{CliError, Exit};
use super::offers::VARIABLE;
use super::output;
use super::workspace::local;
use crate::spec;

/// What zsh's script lacks where zsh loads it as a function, by the name of its file: the first line that is completed has
/// only loaded it, and would be offered nothing.
const LOADED_BY_ZSH: &str = "if [[ $funcstack[1] == _windlass ]]; then _clap_dynamic_completer_windlass \"$@\"; fi\n";

/// Prints a shell's completion script. It calls the program on the PATH for what to offer: names of jobs and runs are
/// known to nobody else.
pub(super) fn run(shell: Shell) -> Result<Exit, CliError> {
    const NAME: &str = "windlass";
    let mut script = Vec::new();
    let word = shell.to_string();
    if let Some(completer) = Shells::builtins().completer(&word) {
        let written = completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script);
        written.map_err(|error| local("writing the script for", word.as_ref(), &error))?;
    }
    if shell == Shell::Zsh {
        script.extend_from_slice(LOADED_BY_ZSH.as_bytes());
    }
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

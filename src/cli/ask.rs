//! A question before something is done, for people at a terminal. Programs aren't asked.

use std::io::IsTerminal;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::output;

/// Asks whether to go on; an end without a change if not. Nobody is asked who has said `--yes`, wants JSON, or is not at
/// a terminal.
pub(super) fn confirm(question: &str, yes: bool, global: &Global) -> Result<(), CliError> {
    let person = std::io::stdin().is_terminal() && output::is_terminal();
    if yes || global.json || !person {
        return Ok(());
    }
    let terminal = console::Term::stderr();
    // A terminal that is gone has said nothing, which is no.
    let asked = terminal.write_str(&format!("{question} [y/N] ")).and_then(|()| terminal.read_line());
    match asked.unwrap_or_default().trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => {
            output::note("Nothing was changed.");
            Err(CliError::Told(Exit::Interrupted))
        }
    }
}

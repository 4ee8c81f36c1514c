//! The command.

use crate::cli::arguments::{DemoArguments, Global};
use crate::cli::error::{CliError, Exit};

/// Runs the demo.
pub(crate) async fn run(_arguments: &DemoArguments, _global: &Global) -> Result<Exit, CliError> {
    Ok(Exit::Done)
}

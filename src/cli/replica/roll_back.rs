//! `windlass replica rollback`: back to the generation before, or to the one that is named.

use tokio_util::sync::CancellationToken;

use super::target;
use crate::cli::arguments::{Global, RollbackArguments};
use crate::cli::error::{CliError, Exit};
use crate::cli::workspace::{LogAs, Workspace};
use crate::cli::{clock, format, output};
use crate::steps::replica::roll_back;

/// Goes back.
pub(super) async fn run(arguments: &RollbackArguments, global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    Workspace::check_duckdb()?;
    let target = target::only(&workspace, &arguments.name)?;
    let stop = CancellationToken::new();
    let waiting = |words: &str| output::note(words);
    let manifest = Box::pin(roll_back(&target.layout, arguments.to, clock::now(), &stop, waiting)).await?;
    if global.json {
        output::json(&manifest)?;
    } else {
        let from = format::or_dash(manifest.rolled_back_from, |from| from.to_string());
        output::line(format!(
            "{} is generation {} again, made {}; it was {from}. The next publish makes a new one.",
            target.path(),
            manifest.generation,
            format::time(manifest.made_at)
        ))?;
    }
    Ok(Exit::Done)
}

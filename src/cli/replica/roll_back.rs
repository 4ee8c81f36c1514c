//! `windlass replica rollback`: back to the generation before, or to the one that is named.

use serde_json::json;

use super::target;
use crate::cli::arguments::{Global, RollbackArguments};
use crate::cli::error::{CliError, Exit};
use crate::cli::recorded::recorded;
use crate::cli::workspace::{LogAs, Workspace};
use crate::cli::{format, output, wire};
use crate::domain::replica::Manifest;
use crate::store::Act;

/// Goes back.
pub(super) async fn run(arguments: &RollbackArguments, global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    Workspace::check_duckdb()?;
    let target = target::only(&workspace, &arguments.name)?;
    let spool = wire::spool(&workspace.settings);
    let detail = json!({"replica": target.path(), "to": arguments.to});
    let act = Act { action: "rollback", job: target.job.as_deref(), run: None, detail };
    let going_back = Box::pin(target.roll_back(arguments.to, &spool));
    let generation = |manifest: &Manifest| json!({"generation": manifest.generation});
    let manifest = Box::pin(recorded(workspace, arguments.unrecorded, &act, going_back, generation)).await?;
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

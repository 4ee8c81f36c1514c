//! `windlass replica verify`: reads the whole file and compares it with its manifest.

use serde_json::json;

use super::target;
use crate::cli::arguments::{Global, ReplicaName};
use crate::cli::error::{CliError, Exit};
use crate::cli::workspace::{LogAs, Workspace};
use crate::cli::{format, output, wire};

/// Verifies replicas; the exit code says whether they are what they should be.
pub(super) async fn run(name: &ReplicaName, global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    Workspace::check_duckdb()?;
    let spool = wire::spool(&workspace.settings);
    let mut all = Vec::new();
    let mut well = true;
    for target in target::find(&workspace, name)? {
        let look = target.look().await?;
        let (state, mut wrong) = (look.state, look.problems);
        // The file that is there is compared with its own manifest, also where the replica's lags behind.
        let manifest = state.unfinished().or(state.manifest);
        if let (Some(manifest), Some(_)) = (&manifest, look.bytes) {
            for words in Box::pin(target.wrong_with(manifest, &spool)).await? {
                if !wrong.contains(&words) {
                    wrong.push(words);
                }
            }
        }
        well &= wrong.is_empty();
        let generation = manifest.as_ref().map(|manifest| manifest.generation);
        if global.json {
            all.push(json!({
                "replica": target.path(), "ok": wrong.is_empty(), "problems": wrong, "generation": generation,
                "sha256": manifest.as_ref().map(|manifest| &manifest.sha256),
            }));
        } else if let (true, Some(manifest)) = (wrong.is_empty(), &manifest) {
            output::line(format!(
                "{}: generation {} is whole: {}, {} rows of {} tables, SHA-256 {}",
                target.path(),
                manifest.generation,
                format::bytes(manifest.bytes),
                format::count(manifest.rows),
                manifest.tables.len(),
                manifest.sha256
            ))?;
        } else {
            output::line(format!("{}: {}", target.path(), wrong.join("; ")))?;
        }
    }
    if global.json {
        output::json(&all)?;
    }
    Ok(if well { Exit::Done } else { Exit::RunFailed })
}

//! `windlass replica status`: generation, age, tables, what is kept, and what is wrong.

use comfy_table::Cell;
use serde_json::{Value, json};

use super::look::Look;
use super::target::{self, Target};
use crate::cli::arguments::{Global, ReplicaName};
use crate::cli::error::{CliError, Exit};
use crate::cli::workspace::{LogAs, Workspace};
use crate::cli::{clock, format, output, table};
use crate::domain::replica::Manifest;
use crate::steps::replica::{TableRows, age};

/// Shows replicas; the exit code says whether all is well with them.
pub(super) async fn run(name: &ReplicaName, global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    let mut all = Vec::new();
    let mut well = true;
    for (number, target) in target::find(&workspace, name)?.into_iter().enumerate() {
        let look = target.look().await?;
        let wrong = wrong_with(&target, &look);
        well &= wrong.is_empty();
        if global.json {
            all.push(as_json(&target, &look, &wrong));
        } else {
            if number > 0 {
                output::line("")?;
            }
            print(&target, &look, &wrong)?;
        }
    }
    if global.json {
        output::json(&all)?;
    }
    Ok(if well { Exit::Done } else { Exit::RunFailed })
}

/// All that is wrong with a replica, its age included.
fn wrong_with(target: &Target, look: &Look) -> Vec<String> {
    let mut wrong = look.problems.clone();
    if let (Some(manifest), Some(max_age)) = (&look.state.manifest, target.max_age) {
        let age = age(manifest, clock::now());
        if age > max_age {
            let (age, max_age) = (format::duration(age), format::duration(max_age));
            wrong.push(format!("it is stale: {age} old, and `max_age` is {max_age}"));
        }
    }
    wrong
}

fn as_json(target: &Target, look: &Look, wrong: &[String]) -> Value {
    let state = &look.state;
    let age = state.manifest.as_ref().map(|manifest| age(manifest, clock::now()).as_secs_f64());
    json!({
        "replica": target.path(),
        "ok": wrong.is_empty(),
        "problems": wrong,
        "manifest": state.manifest,
        "age_s": age,
        "max_age_s": target.max_age.map(|age| age.as_secs_f64()),
        "bytes": look.bytes,
        "kept": state.kept.values().collect::<Vec<_>>(),
        "unfinished": look.unfinished,
    })
}

fn print(target: &Target, look: &Look, wrong: &[String]) -> Result<(), CliError> {
    let state = &look.state;
    output::line(target.path())?;
    for words in wrong {
        output::line(format!("  {} {words}", console::style("wrong:").red().bold()))?;
    }
    if let Some(manifest) = &state.manifest {
        print_manifest(manifest)?;
    }
    for name in &look.unfinished {
        output::line(format!("  under way, or left by a publish that died: {name}"))?;
    }
    if state.kept.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let mut kept = table::new(&["  KEPT", "MADE", ">SIZE", ">ROWS", "RUN"]);
    for (number, manifest) in state.kept.iter().rev() {
        let mark = if state.shown == Some(*number) { "*" } else { " " };
        kept.add_row([
            Cell::new(format!("{mark} {number}")),
            Cell::new(format::time(manifest.made_at)),
            Cell::new(format::bytes(manifest.bytes)),
            Cell::new(format::count(manifest.rows)),
            Cell::new(manifest.run),
        ]);
    }
    output::table(&kept)
}

fn print_manifest(manifest: &Manifest) -> Result<(), CliError> {
    let back = manifest.rolled_back_from.map(|from| format!(", gone back to from {from}")).unwrap_or_default();
    let age = format::duration(age(manifest, clock::now()));
    output::line(format!("  generation {}{back}, {age} old", manifest.generation))?;
    output::line(format!(
        "  made       {} from {} by {}",
        format::time(manifest.made_at),
        manifest.source,
        manifest.method
    ))?;
    output::line(format!("  published  {}", format::time(manifest.published_at)))?;
    output::line(format!("  by         job {}, step {}, run {}", manifest.job, manifest.step, manifest.run))?;
    let (bytes, rows) = (format::bytes(manifest.bytes), format::count(manifest.rows));
    output::line(format!("  file       {bytes}, {rows} rows, storage version {}", manifest.storage_version))?;
    output::line("")?;
    let mut tables = table::new(&["  TABLE", ">ROWS"]);
    for found in &manifest.tables {
        tables.add_row([Cell::new(format!("  {}", TableRows::from(found))), Cell::new(format::count(found.rows))]);
    }
    output::table(&tables)
}

//! Whether runs of one account ran one at a time, from what was recorded and from what the server saw.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use comfy_table::Cell;

use super::market::Seen;
use crate::cli::error::CliError;
use crate::cli::{format, output, table};
use crate::domain::failure::Failure;
use crate::domain::run::Run;

/// Prints when each run held its account, and refuses two at once.
pub(super) fn print(runs: &[Run], seen: &Seen) -> Result<(), CliError> {
    let mut by_start: Vec<(&Run, DateTime<Utc>, DateTime<Utc>)> =
        runs.iter().filter_map(|run| Some((run, run.started_at?, run.ended_at?))).collect();
    by_start.sort_by_key(|(_, started, _)| *started);
    let Some(first) = by_start.first().map(|(_, started, _)| *started) else { return Ok(()) };
    let offset = |time: DateTime<Utc>| format!("+{}", format::duration((time - first).to_std().unwrap_or_default()));
    let mut shown = table::new(&["ACCOUNT", ">WAITED", ">FROM", ">TO", "LOCK", ">TOKEN"]);
    for (run, started, ended) in &by_start {
        let lock = run.locks.first();
        let waited = lock.map(|lock| Duration::try_from_secs_f64(lock.waited_s).unwrap_or_default());
        shown.add_row([
            Cell::new(account(run)),
            Cell::new(format::or_dash(waited, format::duration)),
            Cell::new(offset(*started)),
            Cell::new(offset(*ended)),
            Cell::new(format::or_dash(lock, |lock| lock.name.clone())),
            Cell::new(format::or_dash(lock, |lock| lock.token.to_string())),
        ]);
    }
    output::table(&shown)?;
    let together = overlaps(&by_start);
    if !together.is_empty() {
        return Err(Failure::bug(format!("runs of one account ran at once: {}", together.join(", "))).into());
    }
    let most: Vec<String> = seen.most.iter().map(|(account, most)| format!("{account}: {most}")).collect();
    output::line(format!(
        "One at a time per account. Reports that the server saw open at once: {}; answers without rows: {}; left: {}.",
        most.join(", "),
        seen.empty_answers,
        seen.left
    ))
}

/// Accounts of which a run began before the one before it had ended.
fn overlaps(by_start: &[(&Run, DateTime<Utc>, DateTime<Utc>)]) -> Vec<String> {
    let mut until: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    let mut found = Vec::new();
    for (run, started, ended) in by_start {
        if until.insert(account(run), *ended).is_some_and(|before| before > *started) {
            found.push(account(run).to_owned());
        }
    }
    found
}

fn account(run: &Run) -> &str {
    run.params.get("account").map_or("", String::as_str)
}

//! `windlass logs`: what the attempts of a run have logged, in the order they started.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::arguments::{Global, LogsArguments};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, output, wire};
use crate::domain::ids::RunId;
use crate::domain::run::Run;
use crate::domain::state::AttemptState;
use crate::engine;

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Prints, and with `-f` follows, the logs of a run.
pub(super) async fn run(arguments: &LogsArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let mut run = find::run(&opened.store, &arguments.run).await?;
        let mut printer =
            Printer { logs: wire::logs(&opened.workspace.settings), json: global.json, read: HashMap::new() };
        loop {
            // Read before the files: what an ended run has logged is all there.
            let ended = run.state.is_final();
            printer.print(&run)?;
            if ended || !arguments.follow {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            run = find::run(&opened.store, &run.id.to_string()).await?;
        }
        if printer.read.is_empty() && !global.json {
            output::note("Nothing has been started yet.");
        }
        Ok(Exit::Done)
    })
    .await
}

/// Prints what has been added since it last looked.
struct Printer {
    logs: PathBuf,
    json: bool,
    /// Bytes read by step and attempt.
    read: HashMap<(usize, u32), u64>,
}

/// An attempt whose log is printed.
struct Entry<'r> {
    step: usize,
    id: &'r str,
    number: u32,
    state: AttemptState,
    started: DateTime<Utc>,
}

impl Printer {
    fn print(&mut self, run: &Run) -> Result<(), CliError> {
        let attempts = run.steps.iter().enumerate().flat_map(|(step, of)| {
            of.attempts.iter().map(move |attempt| Entry {
                step,
                id: &of.id,
                number: attempt.number,
                state: attempt.state,
                started: attempt.started_at,
            })
        });
        let mut attempts: Vec<_> = attempts.collect();
        attempts.sort_by_key(|entry| entry.started);
        for entry in attempts {
            self.attempt(run.id, &entry)?;
        }
        Ok(())
    }

    fn attempt(&mut self, run: RunId, entry: &Entry<'_>) -> Result<(), CliError> {
        let key = (entry.step, entry.number);
        let path = engine::log_path(&self.logs, run, entry.step, entry.number);
        let from = self.read.get(&key).copied();
        if from.is_none() && !self.json {
            let header = format!("── step {}, attempt {} ({})", entry.id, entry.number, entry.state);
            output::line(console::style(header).bold().to_string())?;
        }
        let text = match read_from(&path, from.unwrap_or(0)) {
            Ok(text) => text,
            Err(error) if from.is_none() => {
                output::note(format!("   no log here: {}: {error}", path.display()));
                String::new()
            }
            Err(_) => String::new(),
        };
        // A line that is being written is printed when it is whole.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read.insert(key, from.unwrap_or(0) + whole as u64);
        for line in text[..whole].lines() {
            if self.json {
                output::json_line(&json!({"step": entry.id, "attempt": entry.number, "line": line}))?;
            } else {
                output::line(line)?;
            }
        }
        Ok(())
    }
}

fn read_from(path: &Path, from: u64) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

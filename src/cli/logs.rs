//! `windlass logs`: what the attempts of a run have logged, in the order they started.

use std::collections::HashMap;
use std::path::PathBuf;
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
use crate::engine::{self, LogReader};

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
    /// Logs by step and attempt.
    read: HashMap<(usize, u32), LogReader>,
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
        let is_new = !self.read.contains_key(&key);
        let reader = self
            .read
            .entry(key)
            .or_insert_with(|| LogReader::new(engine::log_path(&self.logs, run, entry.step, entry.number)));
        if is_new && !self.json {
            let header = format!("── step {}, attempt {} ({})", entry.id, entry.number, entry.state);
            output::line(console::style(header).bold().to_string())?;
        }
        let text = match reader.read() {
            Ok(text) => text,
            Err(error) if is_new => {
                output::note(format!("   no log here: {}: {error}", reader.path().display()));
                String::new()
            }
            Err(_) => String::new(),
        };
        for line in text.lines() {
            if self.json {
                output::json_line(&json!({"step": entry.id, "attempt": entry.number, "line": line}))?;
            } else {
                output::line(line)?;
            }
        }
        Ok(())
    }
}

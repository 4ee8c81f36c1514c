//! Reads the logs of a run's attempts, in the order they started, and goes on while they grow.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::logs::{Chosen, Format, Level, Logged, Which};
use crate::api::backend::Backend;
use crate::domain::run::{Run, RunStep};
use crate::engine::{self, LogReader};

/// How often a followed log is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A log that is being read.
pub(super) struct Reading {
    backend: Backend,
    run: Run,
    which: Which,
    chosen: Chosen,
    /// Logs by step and attempt.
    readers: HashMap<(usize, u32), LogReader>,
    /// Lines that were passed.
    seen: u64,
    /// Whether the last line of a log was of a level that is wanted, by step and attempt.
    kept: HashMap<(usize, u32), bool>,
    over: bool,
    begun: bool,
    stopping: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Reading {
    /// A reading that has read nothing yet.
    pub(super) fn new(
        backend: Backend,
        run: Run,
        which: Which,
        chosen: Chosen,
        stopping: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            backend,
            run,
            which,
            chosen,
            readers: HashMap::new(),
            seen: 0,
            kept: HashMap::new(),
            over: false,
            begun: false,
            stopping,
            _place: place,
        }
    }

    /// The next lines; `None` after the last.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.over {
                return None;
            }
            if self.begun {
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = self.stopping.cancelled() => return None,
                }
                match self.backend.store.run(self.run.id).await {
                    Ok(run) => self.run = run?,
                    Err(_) => continue,
                }
            }
            self.begun = true;
            // Looked at before the files: what an ended run has logged is all there.
            self.over = self.run.state.is_final() || !self.which.follow;
            let text = self.read().await;
            if !text.is_empty() {
                return Some(text.into());
            }
        }
    }

    /// What has been added.
    async fn read(&mut self) -> String {
        let mut text = String::new();
        let mut last = VecDeque::new();
        for (place, step, number) in self.attempts() {
            let key = (place, number);
            let path = engine::log_path(&self.backend.logs, self.run.id, place, number);
            let mut reader = self.readers.remove(&key).unwrap_or_else(|| LogReader::new(path));
            let read = tokio::task::spawn_blocking(move || {
                let added = reader.read().unwrap_or_default();
                (reader, added)
            });
            let Ok((reader, added)) = read.await else { continue };
            self.readers.insert(key, reader);
            for line in added.lines() {
                if !self.wants(key, line) {
                    continue;
                }
                let line = self.written(&Logged { step: &step, attempt: number, line });
                match self.which.tail.and_then(|tail| usize::try_from(tail).ok()) {
                    Some(tail) => {
                        if last.len() >= tail {
                            last.pop_front();
                        }
                        last.push_back(line);
                    }
                    None => text.push_str(&line),
                }
            }
        }
        text.extend(last);
        text
    }

    /// Attempts that are wanted, in the order they started: the step's place and id, the attempt's number.
    fn attempts(&self) -> Vec<(usize, String, u32)> {
        let of_step = |(place, step): (usize, &RunStep)| {
            let id = step.id.clone();
            let numbers: Vec<_> = step.attempts.iter().map(|attempt| (attempt.started_at, attempt.number)).collect();
            numbers.into_iter().map(move |(started, number)| (started, place, id.clone(), number))
        };
        let mut all: Vec<_> = self.run.steps.iter().enumerate().flat_map(of_step).collect();
        all.retain(|(_, _, step, number)| {
            self.which.step.as_ref().is_none_or(|wanted| wanted == step)
                && self.which.attempt.is_none_or(|wanted| wanted == *number)
        });
        all.sort();
        all.into_iter().map(|(_, place, step, number)| (place, step, number)).collect()
    }

    /// Whether a line is wanted.
    fn wants(&mut self, key: (usize, u32), line: &str) -> bool {
        if let Some(least) = self.chosen.level {
            let level = line.split_whitespace().nth(1).filter(|_| !line.starts_with(' ')).and_then(level);
            let kept = self.kept.entry(key).or_insert(true);
            // A line without a level belongs to the one before.
            if let Some(level) = level {
                *kept = level >= least;
            }
            if !*kept {
                return false;
            }
        }
        self.seen += 1;
        self.which.skip.is_none_or(|skip| self.seen > u64::from(skip))
    }

    fn written(&self, line: &Logged<'_>) -> String {
        let text = match self.chosen.format {
            Format::Json => serde_json::to_string(line).unwrap_or_default(),
            Format::Text => line.line.to_owned(),
        };
        text + "\n"
    }
}

/// The level that a word of a line names.
fn level(word: &str) -> Option<Level> {
    match word {
        "DEBUG" => Some(Level::Debug),
        "INFO" => Some(Level::Info),
        "WARN" => Some(Level::Warn),
        "ERROR" => Some(Level::Error),
        _ => None,
    }
}

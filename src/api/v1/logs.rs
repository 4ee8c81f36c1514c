//! A run's log: what its attempts have logged on this daemon's machine, in the order they started.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Asked, Named, unreadable};
use crate::actions::find;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::serve::ApiState;
use crate::domain::run::Run;
use crate::engine::{self, LogReader};

/// How often a followed log is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Most lines of an end.
const LONGEST_TAIL: u32 = 10_000;

/// Which lines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only of this step.
    step: Option<String>,
    /// Only of attempts with this number.
    #[param(minimum = 1, maximum = 1_000_000)]
    attempt: Option<u32>,
    /// Only lines of this level and above; the lines that belong to one are kept with it.
    #[param(inline, value_type = Option<Level>)]
    level: Option<String>,
    /// Without so many lines at the beginning.
    #[param(maximum = 1_000_000_000)]
    skip: Option<u32>,
    /// Only so many lines at the end. Not together with `follow`.
    #[param(minimum = 1, maximum = 10_000)]
    tail: Option<u32>,
    /// Go on until the run has ended.
    #[serde(default)]
    follow: bool,
    /// One JSON object a line, or the lines as they are.
    #[param(inline, value_type = Option<Format>)]
    format: Option<String>,
}

/// A level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogLevel)]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// How lines are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogFormat)]
enum Format {
    Json,
    Text,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub(super) struct Logged<'l> {
    /// The step.
    step: &'l str,
    /// The attempt's number.
    attempt: u32,
    /// The line.
    line: &'l str,
}

/// Shows a run's log
///
/// Lines of all attempts in the order they started, of those that this daemon's machine has. As JSON: an object a line.
#[utoipa::path(get, operation_id = "show_run_log", path = "/runs/{run}/logs", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it"), Which),
    responses((status = 200, description = "The lines",
        content((Logged<'_> = "application/x-ndjson"), (String = "text/plain")))))]
pub(super) async fn lines(
    _: Caller,
    State(state): State<ApiState>,
    backend: Backend,
    Named(run): Named,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let chosen = Chosen::of(&which)?;
    let run = find::run(&backend.store, &run).await?;
    if let Some(step) = &which.step
        && !run.steps.iter().any(|known| known.id == *step)
    {
        return Err(unreadable(format!("the run has no step `{step}`")));
    }
    let kind = match chosen.format {
        Format::Json => "application/x-ndjson",
        Format::Text => "text/plain; charset=utf-8",
    };
    let reading = Reading {
        backend,
        run,
        which,
        chosen,
        readers: HashMap::new(),
        seen: 0,
        kept: HashMap::new(),
        over: false,
        begun: false,
        stopping: state.stopping.clone(),
        _place: state.stream()?,
    };
    let pieces = stream::unfold(reading, |mut reading| async move {
        let piece = reading.next().await?;
        Some((Ok::<_, Infallible>(piece), reading))
    });
    Ok(([(header::CONTENT_TYPE, kind)], Body::from_stream(pieces)).into_response())
}

/// What was asked for, understood.
#[derive(Clone, Copy)]
struct Chosen {
    level: Option<Level>,
    format: Format,
}

impl Chosen {
    fn of(which: &Which) -> Result<Self, Problem> {
        let level = match which.level.as_deref() {
            None => None,
            Some("debug") => Some(Level::Debug),
            Some("info") => Some(Level::Info),
            Some("warn") => Some(Level::Warn),
            Some("error") => Some(Level::Error),
            Some(other) => {
                return Err(unreadable(format!("`{other}` is no level")).with_hint("debug, info, warn, error"));
            }
        };
        let format = match which.format.as_deref() {
            None | Some("json") => Format::Json,
            Some("text") => Format::Text,
            Some(other) => return Err(unreadable(format!("`{other}` is no format")).with_hint("json, text")),
        };
        let beyond = |number: Option<u32>, least, most| number.is_some_and(|number| !(least..=most).contains(&number));
        if beyond(which.attempt, 1, 1_000_000) || beyond(which.skip, 0, 1_000_000_000) {
            return Err(unreadable("`attempt` or `skip` is greater or less than any there can be"));
        }
        if beyond(which.tail, 1, LONGEST_TAIL) {
            return Err(unreadable(format!("`tail` must be at least 1 and at most {LONGEST_TAIL}")));
        }
        if which.tail.is_some() && which.follow {
            return Err(unreadable("`tail` and `follow` don't go together").with_hint("use `skip` with `follow`"));
        }
        Ok(Self { level, format })
    }
}

/// A log that is being read.
struct Reading {
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
    /// The next lines; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
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
        let of_step = |(place, step): (usize, &crate::domain::run::RunStep)| {
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

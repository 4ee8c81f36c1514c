//! A run's log: what its attempts have logged on this daemon's machine, in the order they started.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Asked, Named, unreadable};
use super::log_reading::Reading;
use crate::actions::find;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::serve::ApiState;

/// Most lines of an end.
const LONGEST_TAIL: u32 = 10_000;

/// Which lines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only of this step.
    pub(super) step: Option<String>,
    /// Only of attempts with this number.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub(super) attempt: Option<u32>,
    /// Only lines of this level and above; the lines that belong to one are kept with it.
    #[param(inline, value_type = Option<Level>)]
    pub(super) level: Option<String>,
    /// Without so many lines at the beginning.
    #[param(maximum = 1_000_000_000)]
    pub(super) skip: Option<u32>,
    /// Only so many lines at the end. Not together with `follow`.
    #[param(minimum = 1, maximum = 10_000)]
    pub(super) tail: Option<u32>,
    /// Go on until the run has ended.
    #[serde(default)]
    pub(super) follow: bool,
    /// One JSON object a line, or the lines as they are.
    #[param(inline, value_type = Option<Format>)]
    format: Option<String>,
}

/// A level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogLevel)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// How lines are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogFormat)]
pub(super) enum Format {
    Json,
    Text,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub(super) struct Logged<'l> {
    /// The step.
    pub(super) step: &'l str,
    /// The attempt's number.
    pub(super) attempt: u32,
    /// The line.
    pub(super) line: &'l str,
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
    let reading = Reading::new(backend, run, which, chosen, state.stopping.clone(), state.stream()?);
    let pieces = stream::unfold(reading, |mut reading| async move {
        let piece = reading.next().await?;
        Some((Ok::<_, Infallible>(piece), reading))
    });
    // Whoever compresses the answer asks once more after its end.
    Ok(([(header::CONTENT_TYPE, kind)], Body::from_stream(pieces.fuse())).into_response())
}

/// What was asked for, understood.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// The least level.
    pub(super) level: Option<Level>,
    /// How lines are sent.
    pub(super) format: Format,
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

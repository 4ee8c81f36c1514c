//! A run of a job, now.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, Named, unreadable};
use crate::actions::{find, trigger as actions};
use crate::api::acting::to_its_end;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::run::Run;

/// The header that makes a request happen once.
const KEY: &str = "idempotency-key";

/// Longest key.
const LONGEST_KEY: usize = 255;

/// What the run is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TriggerRequest)]
pub(super) struct Given {
    /// Parameters; those that aren't given have the job's defaults.
    #[serde(default)]
    params: BTreeMap<String, String>,
}

/// Starts a job
///
/// Queues a run, for whichever daemon is free. With an `Idempotency-Key` it is queued once, however often the request is
/// sent within 24 hours: later ones are answered with the same run and status 200. The same key with another job or
/// other parameters is refused.
#[utoipa::path(post, operation_id = "trigger_job", path = "/jobs/{job}/trigger", tag = "jobs",
    params(("job" = String, Path, description = "The job's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Any text of 1 to 255 visible characters; each token \
            has keys of its own", pattern = "^[!-~]+$", min_length = 1, max_length = 255)),
    request_body = Option<Given>,
    responses((status = 201, description = "The run that was queued", body = Run,
            headers(("Location" = String, description = "The run's path"))),
        (status = 200, description = "The run that an earlier request with the same key had queued", body = Run)))]
pub(super) async fn trigger(
    caller: Caller,
    backend: Backend,
    Named(name): Named,
    headers: HeaderMap,
    Body(given): Body<Given>,
) -> Result<(StatusCode, HeaderMap, Json<Run>), Problem> {
    caller.operator()?;
    let key = key(&headers)?.map(str::to_owned);
    let made = to_its_end(async move {
        let job = find::job(&backend.store, &name).await?;
        actions::trigger(&backend.store, &caller.actor(), &job, given.params, key.as_deref()).await
    })
    .await?;
    let mut headers = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&format!("{}/runs/{}", super::BASE, made.run.id)) {
        headers.insert(header::LOCATION, place);
    }
    if made.before {
        headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    let status = if made.before { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, headers, Json(made.run)))
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let Some(first) = keys.next() else { return Ok(None) };
    let text = first
        .to_str()
        .ok()
        .filter(|text| (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    match (text, keys.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(unreadable("`Idempotency-Key` must be one text of 1 to 255 visible characters")),
    }
}

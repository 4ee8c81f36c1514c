//! A run as it goes on: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::extract::Named;
use crate::actions::find;
use crate::api::backend::Backend;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::serve::ApiState;
use crate::domain::ids::RunId;
use crate::store::Store;

/// How often a run is looked at while somebody listens.
const EVERY: Duration = Duration::from_secs(1);

/// A run that somebody listens to.
struct Watched {
    store: Store,
    run: RunId,
    /// What was sent last.
    sent: Option<String>,
    ended: bool,
    stopping: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// An event, once its lines are read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document is made of it")]
struct RunEvent {
    /// Always `run`.
    event: String,
    /// The run, as JSON.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Follows a run
///
/// Sends the run, as it is shown, at once and then whenever it changed, at most once a second. Ends when the run has.
#[utoipa::path(get, operation_id = "follow_run", path = "/runs/{run}/events", tag = "runs",
    params(("run" = String, Path, description = "The run's id, or the beginning of it")),
    responses((status = 200, description = "Events named `run`; the data of each is the run's JSON", body = RunEvent,
        content_type = "text/event-stream")))]
pub(super) async fn events(
    _: Caller,
    State(state): State<ApiState>,
    backend: Backend,
    Named(run): Named,
) -> Result<Response, Problem> {
    let run = find::run_id(&backend.store, &run).await?;
    let watched = Watched {
        store: backend.store,
        run,
        sent: None,
        ended: false,
        stopping: state.stopping.clone(),
        _place: state.stream()?,
    };
    let events = stream::unfold(watched, |mut watched| async move {
        let event = watched.next().await?;
        Some((Ok::<_, Infallible>(event), watched))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

impl Watched {
    /// The next change; `None` after the last.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.ended {
                return None;
            }
            if self.sent.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = self.stopping.cancelled() => return None,
                }
            }
            let run = match self.store.run(self.run).await {
                Ok(run) => run?,
                // It comes back, or the daemon is stopped.
                Err(error) => {
                    tracing::debug!(%error, "looking at a run that somebody follows");
                    self.sent.get_or_insert_default();
                    continue;
                }
            };
            let text = serde_json::to_string(&run).ok()?;
            self.ended = run.state.is_final();
            if self.sent.as_ref() != Some(&text) {
                let event = Event::default().event("run").data(&text);
                self.sent = Some(text);
                return Some(event);
            }
        }
    }
}

//! The routes, and serving them until the daemon stops.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::domain::code::Code;
use crate::domain::readiness::Readiness;
use crate::telemetry::Metrics;

use super::access::Access;
use super::backend::Backend;
use super::problem::Problem;
use super::{connections, guard, health, login, metrics, pages, security, v1};

/// How long answers that are under way may take once the daemon stops. A reader that has stopped reading must not
/// hold the daemon's end up.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How long an answer may take to begin, the request's body included.
const ANSWER: Duration = Duration::from_secs(30);

/// Streams at a time: each asks the state database once a second.
const STREAMS: usize = 128;

/// Seconds after which a place may be free.
const AGAIN: u64 = 10;

/// Longest body of a request: parameters and forms are small.
const LONGEST_BODY: usize = 256 * 1024;

/// What the pages show. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// The daemon's numbers.
    pub metrics: Metrics,
    /// Whether it does its work, as the engine last saw it.
    pub ready: watch::Receiver<Readiness>,
    /// Who may read and act.
    pub access: Access,
    /// What is read and acted on; `None` until the state database was reached for the first time.
    pub backend: watch::Receiver<Option<Backend>>,
    /// Says that the daemon stops: answers that go on for long end then.
    pub stopping: CancellationToken,
    /// Places for answers that go on for long.
    streams: Arc<Semaphore>,
}

impl ApiState {
    /// The state of a daemon that isn't stopping.
    pub fn new(
        metrics: Metrics,
        ready: watch::Receiver<Readiness>,
        access: Access,
        backend: watch::Receiver<Option<Backend>>,
    ) -> Self {
        Self {
            metrics,
            ready,
            access,
            backend,
            stopping: CancellationToken::new(),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    /// A place for an answer that goes on for long, as long as it is held.
    pub fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let detail = "there are too many streams";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, Code::StateUnavailable, detail)
                .with_hint("close some, or ask for the run itself now and then")
                .retry_after(AGAIN)
        })
    }

    /// What is read and acted on, if the state database was ever reached.
    pub fn backend(&self) -> Option<Backend> {
        self.backend.borrow().clone()
    }
}

/// The routes.
pub fn router(state: ApiState) -> Router {
    let access = state.access.clone();
    // Streams end with the daemon: nobody would end them otherwise.
    let streams = pages::Streams::new(state.stopping.clone());
    Router::new()
        .merge(pages::router(&state))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .layer(Extension(streams))
        .route("/login", get(login::form).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .merge(v1::router())
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(bounded))
        .layer(from_fn_with_state(access, guard::check))
        .layer(map_response(security::harden))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(state)
}

/// Serves until `shutdown`, then lets answers that are under way end.
pub async fn serve(listener: TcpListener, state: ApiState, shutdown: CancellationToken) -> io::Result<()> {
    let router = router(ApiState { stopping: shutdown.clone(), ..state });
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        ended = connections::answer(listener, router, shutdown.clone()) => ended,
        () = patience => Ok(()),
    }
}

/// Ends a request that is not answered in time: a body that never comes must not hold its connection for ever. A stream of
/// events has begun by then, and goes on.
async fn bounded(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::REQUEST_TIMEOUT, Code::TimedOut, "the request was not complete in time")
            .into_response(),
    }
}

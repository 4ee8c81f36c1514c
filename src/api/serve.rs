//! The routes, and serving them until the daemon stops.

use std::io;
use std::time::Duration;

use axum::middleware::map_response;
use axum::routing::get;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::domain::readiness::Readiness;
use crate::telemetry::Metrics;

use super::backend::Backend;
use super::security::{self, Token};
use super::{health, metrics, pages};

/// How long answers that are under way may take once the daemon stops. A reader that has stopped reading must not
/// hold the daemon's end up.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What the pages show. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// The daemon's numbers.
    pub metrics: Metrics,
    /// Whether it does its work, as the engine last saw it.
    pub ready: watch::Receiver<Readiness>,
    /// What readers of `/metrics` must show; `None`: nothing.
    pub token: Option<Token>,
    /// What is read and acted on; `None` until the state database was reached for the first time.
    pub backend: watch::Receiver<Option<Backend>>,
}

impl ApiState {
    /// What is read and acted on, if the state database was ever reached.
    pub fn backend(&self) -> Option<Backend> {
        self.backend.borrow().clone()
    }
}

/// The routes. Streams end with `stopping`: nobody would end them otherwise.
pub fn router(state: ApiState, stopping: CancellationToken) -> Router {
    Router::new()
        .merge(pages::router())
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .layer(Extension(pages::Streams::new(stopping)))
        .layer(map_response(security::harden))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(state)
}

/// Serves until `shutdown`, then lets answers that are under way end.
pub async fn serve(listener: TcpListener, state: ApiState, shutdown: CancellationToken) -> io::Result<()> {
    let stopping = shutdown.clone();
    let server =
        axum::serve(listener, router(state, stopping.clone())).with_graceful_shutdown(shutdown.cancelled_owned());
    let patience = async {
        stopping.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        ended = server => ended,
        () = patience => Ok(()),
    }
}

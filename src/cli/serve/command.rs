//! From the command line to a daemon at work, and to its orderly end.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::watchdog::{self, Watched};
use super::{incarnation, state};
use crate::api::{self, Access, ApiState, Backend, NamedToken, Token};
use crate::cli::arguments::Global;
use crate::cli::error::{CliError, Exit};
use crate::cli::opened::release;
use crate::cli::signals::Signals;
use crate::cli::wire;
use crate::cli::workspace::{LogAs, Workspace};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::readiness::Readiness;
use crate::engine::Replicas;
use crate::postgres::embedded::Embedded;
use crate::settings::{HttpSettings, TokenSettings};
use crate::store::Store;
use crate::telemetry::Metrics;

/// What lives as long as the process.
pub(super) struct Serving {
    pub(super) workspace: Workspace,
    pub(super) metrics: Metrics,
    pub(super) ready: watch::Sender<Readiness>,
    pub(super) backend: watch::Sender<Option<Backend>>,
    pub(super) embedded: Option<Embedded>,
    pub(super) watched: watch::Sender<Watched>,
}

/// Serves until it is told to stop.
pub(crate) async fn run(global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Daemon)?;
    Workspace::check_duckdb()?;
    let mut signals = Signals::of_daemon()?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    let (ready, shown) = watch::channel(Readiness { detail: "starting".to_owned(), ..Readiness::default() });

    let listener = listen(workspace.settings.http.listen).await?;
    let access = access(&workspace.settings.http);
    let stop_answering = CancellationToken::new();
    let mut answering = JoinSet::new();
    let (backend, reached) = watch::channel(None);
    let state = ApiState::new(metrics.clone(), shown, access, reached);
    answering.spawn(api::serve(listener, state, stop_answering.clone()));

    let (watched, heard) = watch::channel(None);
    let mut watching = JoinSet::new();
    watching.spawn(watchdog::ping(heard));
    let embedded = wire::embedded(&workspace.settings).await?;
    let serving = Serving { workspace, metrics, ready, backend, embedded, watched };
    let result = work(&serving, &mut signals).await;

    stop_answering.cancel();
    while let Some(ended) = answering.join_next().await {
        if let Ok(Err(error)) = ended {
            tracing::error!(%error, "answering HTTP requests");
        }
    }
    release(serving.embedded).await;
    watching.shutdown().await;
    tracing::info!("stopped");
    result.map(|()| Exit::Done)
}

/// Waits for the state database, then works until told to stop; given up by others, it begins anew as another daemon.
async fn work(serving: &Serving, signals: &mut Signals) -> Result<(), CliError> {
    let Some(store) = state::open(serving, signals).await? else { return Ok(()) };
    let answers = Store::new(store.server().clone(), serving.metrics.clone())?;
    let logs = wire::logs(&serving.workspace.settings);
    let replicas = Replicas::new(wire::environment(&serving.workspace.settings, serving.embedded.as_ref())?);
    serving.backend.send_replace(Some(Backend { store: answers.clone(), logs, replicas }));
    while incarnation::live(serving, &store, signals).await? == incarnation::End::GivenUp {
        tracing::warn!("beginning anew as another daemon");
    }
    // Their connections would keep the embedded server's stop waiting.
    store.close();
    answers.close();
    Ok(())
}

/// Who may read and act.
fn access(http: &HttpSettings) -> Access {
    let named = |token: &TokenSettings| {
        let (name, role) = (token.name.clone(), token.role);
        Some(NamedToken { name, role, token: Token::new(token.token.reveal())? })
    };
    Access::new(http.tokens.iter().filter_map(named).collect(), http.public_url.as_deref())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, CliError> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there: stop it, or set http.listen",
            _ => "set http.listen in windlass.yaml to an address of this machine",
        };
        let message = format!("listening on {address}: {error}");
        let failure = Failure::permanent(Code::Settings, Side::Internal, message).with_hint(hint);
        CliError::Failed { exit: Exit::Unreachable, failure: Box::new(failure) }
    })?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(%address, "listening");
    Ok(listener)
}

//! From settings to the parts that work: the embedded server, the store, connections, the engine's settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::CliError;
use super::workspace::local;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::DuckDbFile;
use crate::engine::EngineSettings;
use crate::fetch::RateLimits;
use crate::objects::ObjectStores;
use crate::postgres::embedded::{Embedded, EmbeddedSettings};
use crate::postgres::{PgError, Server};
use crate::settings::{ConnectionSettings, PostgresUrl, Settings};
use crate::steps::{Connection, Environment};
use crate::store::{Capacities, Scope, Store};
use crate::telemetry::Metrics;

/// The database of the embedded server that holds the state, if the settings name no other.
pub(super) const STATE_DATABASE: &str = "windlass";

/// Starts or joins the embedded server, if anything needs it, and makes the databases that the settings name.
pub(super) async fn embedded(settings: &Settings) -> Result<Option<Embedded>, CliError> {
    if !settings.needs_embedded() {
        return Ok(None);
    }
    let embedded = Embedded::start(EmbeddedSettings::new(&settings.data_dir)).await.map_err(Failure::from)?;
    let named = settings.connections.values().filter_map(|connection| match connection {
        ConnectionSettings::Embedded { database } => Some(database.as_str()),
        _ => None,
    });
    let own = settings.state.is_none().then_some(STATE_DATABASE);
    for database in own.into_iter().chain(named) {
        if let Err(error) = embedded.ensure_database(database).await {
            let failure = internal(error);
            // The server must not be left running by a command that gives up.
            drop(embedded.stop().await);
            return Err(failure.into());
        }
    }
    Ok(Some(embedded))
}

/// The state database.
pub(super) fn state_server(settings: &Settings, embedded: Option<&Embedded>) -> Result<Server, CliError> {
    match (&settings.state, embedded) {
        (Some(address), _) => server(address).map_err(|error| internal(error).into()),
        (None, Some(embedded)) => Ok(embedded.server(STATE_DATABASE)),
        (None, None) => Err(Failure::bug("no state database was started").into()),
    }
}

/// The store on a state database that answers, brought up to date. An address, login or TLS that is wrong is told as
/// the server told it.
pub(super) async fn store(server: Server, metrics: Metrics) -> Result<Store, CliError> {
    let doing = |failure: Failure| failure.while_doing("opening the state database");
    let session = server.connect("windlass").await.map_err(|error| doing(internal(error)))?;
    session.close().await;
    let store = Store::new(server, metrics)?;
    store.migrate().await?;
    Ok(store)
}

/// Connections by name.
pub(super) fn connections(
    settings: &Settings,
    embedded: Option<&Embedded>,
) -> Result<BTreeMap<String, Connection>, CliError> {
    let mut connections = BTreeMap::new();
    for (name, connection) in &settings.connections {
        let connection = match (connection, embedded) {
            (ConnectionSettings::Postgres(address), _) => {
                let named = |error: PgError| internal(error).while_doing(format!("connection `{name}`"));
                Connection::Postgres(server(address).map_err(named)?)
            }
            (ConnectionSettings::Embedded { database }, Some(embedded)) => {
                Connection::Postgres(embedded.server(database))
            }
            (ConnectionSettings::Embedded { .. }, None) => {
                return Err(Failure::bug("the embedded server was not started").into());
            }
            (ConnectionSettings::DuckDb { path }, _) => Connection::DuckDb(DuckDbFile::new(path.clone())),
        };
        connections.insert(name.clone(), connection);
    }
    Ok(connections)
}

/// What steps share: connections, folders, environment variables.
pub(super) fn environment(settings: &Settings, embedded: Option<&Embedded>) -> Result<Arc<Environment>, CliError> {
    let connections = connections(settings, embedded)?;
    let spool = spool(settings);
    std::fs::create_dir_all(&spool).map_err(|error| local("making the folder", &spool, &error))?;
    let objects = objects(settings);
    Ok(Arc::new(Environment {
        connections,
        objects,
        spool,
        env: settings.env_values(),
        rate_limits: RateLimits::default(),
    }))
}

/// How object stores are reached.
pub(super) fn objects(settings: &Settings) -> ObjectStores {
    ObjectStores::new(settings.object_variables.clone(), settings.objects.clone())
}

/// Folder for what is on its way.
pub(super) fn spool(settings: &Settings) -> std::path::PathBuf {
    settings.data_dir.join("spool")
}

/// How an engine of this process runs: the daemon's (`Scope::All`), or one for runs of its own.
pub(super) fn engine(settings: &Settings, scope: Scope) -> EngineSettings {
    EngineSettings {
        max_runs: usize::try_from(settings.max_runs).unwrap_or(usize::MAX),
        drain: settings.drain,
        capacities: Capacities(settings.locks.clone()),
        logs: logs(settings),
        scope,
        plans_firings: scope == Scope::All,
        keep_runs: settings.retention.runs,
        keep_logs: settings.retention.logs,
        notify: settings.notify.clone(),
        public_url: settings.http.public_url.clone(),
        patient: None,
    }
}

/// Folder of the attempts' logs.
pub(super) fn logs(settings: &Settings) -> std::path::PathBuf {
    settings.data_dir.join("logs")
}

fn server(address: &PostgresUrl) -> Result<Server, PgError> {
    let password = address.password.as_ref().map(crate::domain::secret::Secret::reveal);
    Server::from_url(address.url.reveal(), password)
}

fn internal(error: PgError) -> Failure {
    error.on(Side::Internal)
}

//! The settings, resolved: every value legal, every default filled in, paths absolute, secrets read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::alert::Notify;
use crate::domain::object::StoreOptions;
use crate::domain::role::Role;
use crate::domain::secret::Secret;
use crate::spec::{ConnectionKind, Known};

/// The daemon's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file they come from; `None`: built-in defaults.
    pub file: Option<PathBuf>,
    /// Folder for the embedded PostgreSQL, logs of runs and spooled bodies.
    pub data_dir: PathBuf,
    /// Folder of job files.
    pub jobs_dir: PathBuf,
    /// The state database; `None`: in the embedded server under `data_dir`.
    pub state: Option<PostgresUrl>,
    /// The HTTP server.
    pub http: HttpSettings,
    /// Databases that jobs use, by name.
    pub connections: BTreeMap<String, ConnectionSettings>,
    /// How object stores are reached, by scheme (`s3`) or bucket (`s3://bucket`).
    pub objects: BTreeMap<String, StoreOptions>,
    /// The environment's variables that the stores' own tools read.
    pub object_variables: BTreeMap<String, Secret>,
    /// Capacities of lock classes; 1 where a class isn't named.
    pub locks: BTreeMap<String, u32>,
    /// Most runs at a time.
    pub max_runs: u32,
    /// How long running attempts get to end when the daemon stops.
    pub drain: Duration,
    /// How long ended runs and logs are kept.
    pub retention: RetentionSettings,
    /// Logs of the daemon.
    pub logging: LoggingSettings,
    /// Who is told of what, for jobs that don't say it themselves.
    pub notify: Option<Notify>,
    /// Environment variables that templates may read: names, and the values of those that are set.
    pub env: BTreeMap<String, Option<String>>,
    /// Everything that must not be seen, for the masking layer.
    pub secrets: Vec<Secret>,
}

/// A PostgreSQL database by address.
#[derive(Clone, Debug)]
pub struct PostgresUrl {
    /// The address; it may hold a password.
    pub url: Secret,
    /// The password of a file; goes before the address's own.
    pub password: Option<Secret>,
}

/// A database that jobs use.
#[derive(Clone, Debug)]
pub enum ConnectionSettings {
    /// A PostgreSQL database by address.
    Postgres(PostgresUrl),
    /// A database of the embedded server.
    Embedded {
        /// Its name.
        database: String,
    },
    /// A DuckDB file.
    DuckDb {
        /// Its path.
        path: PathBuf,
    },
}

/// The HTTP server.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Who may read and act; nobody named: everybody who reaches the address may.
    pub tokens: Vec<TokenSettings>,
    /// The address that people reach it by, without a slash at its end.
    pub public_url: Option<String>,
}

/// A token and what it is good for.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// Who has it, as the record of actions names them.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// The token.
    pub token: Secret,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct RetentionSettings {
    /// Ended runs.
    pub runs: Duration,
    /// Logs of attempts.
    pub logs: Duration,
}

/// Logs of the daemon. Files roll over daily.
#[derive(Clone, Debug)]
pub struct LoggingSettings {
    /// How a line looks.
    pub format: LogFormat,
    /// Folder of log files; `None`: standard error only.
    pub directory: Option<PathBuf>,
    /// How many files are kept.
    pub keep: u32,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Console,
    /// For collectors: one JSON object a line.
    Json,
}

impl Settings {
    /// What job files may refer to.
    pub fn known(&self, now: DateTime<Utc>) -> Known {
        let kind = |connection: &ConnectionSettings| match connection {
            ConnectionSettings::Postgres(_) | ConnectionSettings::Embedded { .. } => ConnectionKind::Postgres,
            ConnectionSettings::DuckDb { .. } => ConnectionKind::DuckDb,
        };
        let connections = self.connections.iter().map(|(name, each)| (name.clone(), kind(each))).collect();
        Known { now, connections: Some(connections), env: Some(self.env.keys().cloned().collect()) }
    }

    /// The environment variables that templates may read and that are set.
    pub fn env_values(&self) -> BTreeMap<String, String> {
        self.env.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
    }

    /// Whether anything needs the embedded server.
    pub fn needs_embedded(&self) -> bool {
        self.state.is_none()
            || self.connections.values().any(|each| matches!(each, ConnectionSettings::Embedded { .. }))
    }
}

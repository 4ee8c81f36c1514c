//! A PostgreSQL database that can be connected to.

use std::time::Duration;

use tokio_postgres::Config;

use super::error::{PgError, PgErrorKind};
use super::session::Session;

/// How long a connection attempt may take before the server counts as unreachable. Long enough for a slow TLS
/// handshake across continents, short enough that a retry policy still gets its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a lost peer is noticed on an idle connection: the first probe after 30 s instead of the system's 2 h.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// A PostgreSQL database and how to log in. Cheap to clone; holds no connection.
#[derive(Clone, Debug)]
pub struct Server {
    config: Config,
}

impl Server {
    /// The database of a `postgres://` address, with a password that goes before the address's own.
    pub fn from_url(url: &str, password: Option<&str>) -> Result<Self, PgError> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let mut error = PgError::new("reading the connection's url", &error);
            error.kind = PgErrorKind::Settings;
            error
        })?;
        if let Some(password) = password {
            config.password(password);
        }
        Ok(Self::from_config(config))
    }

    /// The database of a driver's configuration.
    pub fn from_config(mut config: Config) -> Self {
        config.connect_timeout(*config.get_connect_timeout().unwrap_or(&CONNECT_TIMEOUT));
        config.keepalives_idle(KEEPALIVE_IDLE);
        // The server notices within this time that its client is gone and ends the statement (PostgreSQL 14 and up).
        let options = config.get_options().map_or_else(String::new, |options| format!("{options} "));
        config.options(format!("{options}-c client_connection_check_interval=2s"));
        Self { config }
    }

    /// The same server, another database.
    #[must_use]
    pub fn database(&self, name: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(name);
        Self { config }
    }

    /// The driver's configuration, for a pool.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Opens a session of its own. `application_name` says whose it is; a later attempt finds it by that.
    pub async fn connect(&self, application_name: &str) -> Result<Session, PgError> {
        Session::open(&self.config, application_name).await
    }
}

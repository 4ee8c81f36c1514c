//! A PostgreSQL database that can be connected to.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{PgError, PgErrorKind};
use super::pgpass;
use super::session::Session;
use super::tls::TlsKeys;

/// How long a connection attempt may take before the server counts as unreachable. Long enough for a slow TLS
/// handshake across continents, short enough that a retry policy still gets its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a lost peer is noticed on an idle connection: the first probe after 30 s instead of the system's 2 h.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Then another probe after this time, and so often: a peer that vanished is noticed a minute after its last sign.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// See `KEEPALIVE_INTERVAL`.
const KEEPALIVE_RETRIES: u32 = 3;

/// What the driver has where the address says nothing.
const DRIVER_KEEPALIVE_IDLE: Duration = Duration::from_hours(2);

/// How long what was sent may stay unacknowledged: as long as keepalives take on an idle connection. The system's own
/// limit is a quarter of an hour.
const TCP_USER_TIMEOUT: Duration = Duration::from_mins(1);

/// A PostgreSQL database and how to log in. Cheap to clone; holds no connection.
#[derive(Clone)]
pub struct Server(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    config: Config,
    tls: Result<MakeRustlsConnect, PgError>,
}

impl Server {
    /// The database of a `postgres://` address, with a password that goes before the address's own, which goes before
    /// that of a password file.
    pub fn from_url(url: &str, password: Option<&str>) -> Result<Self, PgError> {
        let (url, keys) = TlsKeys::take(url);
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let mut error = PgError::new("reading the connection's url", &error);
            error.kind = PgErrorKind::Settings;
            error
        })?;
        if let Some(password) = password {
            config.password(password);
        } else if config.get_password().is_none()
            && let Some(password) = pgpass::find(&config, keys.passfile.as_deref())?
        {
            config.password(password);
        }
        let server = Self::new(config, &keys);
        server.tls().map(|_| server)
    }

    /// The database of a driver's configuration. Certificates aren't checked.
    pub fn from_config(config: Config) -> Self {
        Self::new(config, &TlsKeys::default())
    }

    fn new(mut config: Config, keys: &TlsKeys) -> Self {
        config.connect_timeout(*config.get_connect_timeout().unwrap_or(&CONNECT_TIMEOUT));
        if config.get_keepalives_idle() == DRIVER_KEEPALIVE_IDLE {
            config.keepalives_idle(KEEPALIVE_IDLE);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(KEEPALIVE_INTERVAL);
        }
        if config.get_keepalives_retries().is_none() {
            config.keepalives_retries(KEEPALIVE_RETRIES);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_USER_TIMEOUT);
        }
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) && config.get_hostaddrs().is_empty() {
            // Nobody listens in on a Unix socket, and servers offer no TLS there: `sslmode` has no meaning.
            config.ssl_mode(SslMode::Disable);
        }
        let tls = keys.connector(config.get_ssl_negotiation() == SslNegotiation::Direct);
        Self(Arc::new(Settings { config, tls }))
    }

    /// The same server, another database.
    #[must_use]
    pub fn database(&self, name: &str) -> Self {
        let mut settings = Settings::clone(&self.0);
        settings.config.dbname(name);
        Self(Arc::new(settings))
    }

    /// The driver's configuration, for a pool.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The TLS connector that goes with the configuration, for a pool.
    pub fn tls(&self) -> Result<MakeRustlsConnect, PgError> {
        self.0.tls.clone()
    }

    /// Opens a session of its own. `application_name` says whose it is; a later attempt finds it by that.
    pub async fn connect(&self, application_name: &str) -> Result<Session, PgError> {
        // The driver's handshake is a large future; unboxed it would blow up that of every step.
        Box::pin(Session::open(self, application_name)).await
    }

    /// How long an attempt to log in at one address may take.
    pub(super) fn connect_timeout(&self) -> Duration {
        *self.config().get_connect_timeout().unwrap_or(&CONNECT_TIMEOUT)
    }
}

/// Where it is and who logs in, without the password: `db:5432/sales as reader`.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config();
        let ports = config.get_ports();
        let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
        let hosts: Vec<String> = if config.get_hosts().is_empty() {
            addresses.collect()
        } else {
            let name = |host: &Host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            };
            config.get_hosts().iter().map(name).collect()
        };
        for (at, host) in hosts.iter().enumerate() {
            let port = ports.get(at).or_else(|| ports.first()).copied().unwrap_or(5432);
            write!(f, "{}{host}:{port}", if at == 0 { "" } else { "," })?;
        }
        if let Some(database) = config.get_dbname() {
            write!(f, "/{database}")?;
        }
        if let Some(user) = config.get_user() {
            write!(f, " as {user}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

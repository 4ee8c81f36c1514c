//! One connection, owned by one attempt: it can be cancelled, and it ends when it is dropped.
//!
//! Steps never use pooled connections: a timeout or cancel must be able to throw the connection away, and a session's
//! name, settings and temporary objects must not outlive the attempt.

use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, NoTls};

use super::error::PgError;

/// A session on a PostgreSQL server. Dropping it closes the socket; a running statement is noticed by the server's
/// `client_connection_check_interval`, so cancel first where it matters.
pub struct Session {
    client: Client,
    cancel: CancelToken,
    pid: i32,
    driver: JoinHandle<()>,
}

impl Session {
    /// Connects.
    pub(super) async fn open(config: &Config, application_name: &str) -> Result<Self, PgError> {
        let mut config = config.clone();
        config.application_name(application_name);
        let doing = || "connecting".to_owned();
        let (client, connection) = config.connect(NoTls).await.map_err(|error| PgError::new(doing(), &error))?;
        #[expect(clippy::disallowed_methods, reason = "the driver's task ends with the session, which owns it")]
        let driver = tokio::spawn(async move {
            // The session's own calls report the error; here it would be told twice.
            drop(connection.await);
        });
        let cancel = client.cancel_token();
        let row =
            client.query_one("select pg_backend_pid()", &[]).await.map_err(|error| PgError::new(doing(), &error))?;
        Ok(Self { client, cancel, pid: row.get(0), driver })
    }

    /// The driver's client.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The driver's client, for a transaction.
    pub const fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The server process that serves this session.
    pub const fn pid(&self) -> i32 {
        self.pid
    }

    /// Asks the server to cancel what this session is running. Says nothing about whether anything was running.
    pub async fn cancel(&self) -> Result<(), PgError> {
        self.cancel.cancel_query(NoTls).await.map_err(|error| PgError::new("cancelling a statement", &error))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

//! One connection, owned by one attempt: its statements can be cancelled, and it can be ended for certain.
//!
//! Steps never use pooled connections: a timeout or cancel must be able to throw the connection away, and a session's
//! name, settings and temporary objects must not outlive the attempt. Because the session is thrown away, transactions
//! are begun and ended by plain statements.

use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{CancelToken, Client, Row, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

use crate::domain::failure::{Failure, Side};

use super::connect::{Address, Loan, Login, TapLender, is_out_of_reach, log_in};
use super::error::{PgError, PgErrorKind};
use super::server::Server;
use super::stop;

/// How long a session that has nothing to do may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Who serves this session, and, from PostgreSQL 14 on: notice within this time that the client is gone. By default a
/// server finishes a statement of hours for a client that has died.
const GREETING: &str = "select pg_backend_pid(), current_setting('application_name'), \
     set_config('client_connection_check_interval', '2s', false)";

/// The same for servers that don't know the setting or don't let it be set.
const PLAIN_GREETING: &str = "select pg_backend_pid(), current_setting('application_name')";

/// A session on a PostgreSQL server. Dropping it closes the socket at once, and the server notices when it next looks;
/// use `close` after success, `stop` where a statement may still be running.
pub struct Session {
    client: Client,
    driver: Driver,
    backend: Backend,
    lender: TapLender,
}

/// The server process behind a session, as others can find it.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) server: Server,
    pub(super) cancel: CancelToken,
    pub(super) address: Address,
    pub(super) mode: SslMode,
    pub(super) pid: i32,
    pub(super) application_name: String,
}

/// The driver's task; it ends when its owner does.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    /// Connects.
    pub(super) async fn open(server: &Server, application_name: &str) -> Result<Self, PgError> {
        let doing = || format!("connecting to {server}");
        let login = match log_in(server, application_name, server.config().get_ssl_mode()).await {
            Ok(login) => login,
            Err(error) => {
                let told = PgError { doing: doing(), ..error };
                return Err(stop::explain_login(server, told).await);
            }
        };
        let Login { client, connection, lender, address, mode } = login;
        #[expect(clippy::disallowed_methods, reason = "the driver's task ends with the session, which owns it")]
        let driver = Driver(tokio::spawn(async move {
            // The session's own calls report the error; here it would be told twice.
            drop(connection.await);
        }));
        let greeting = match client.simple_query(GREETING).await {
            Err(error) if error.as_db_error().is_some() => client.simple_query(PLAIN_GREETING).await,
            answer => answer,
        };
        let messages = greeting.map_err(|error| PgError::connecting(doing(), &error))?;
        let text = |column: usize| {
            messages.iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.try_get(column).ok().flatten(),
                _ => None,
            })
        };
        let (Some(pid), Some(name)) = (text(0).and_then(|pid| pid.parse().ok()), text(1)) else {
            let message = "the server did not say which process serves the session";
            return Err(PgError::without_server(doing(), message, PgErrorKind::Lost));
        };
        let (server, cancel, application_name) = (server.clone(), client.cancel_token(), name.to_owned());
        let backend = Backend { server, cancel, address, mode, pid, application_name };
        Ok(Self { client, driver, backend, lender })
    }

    /// The driver's client.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The server that it is a session of.
    pub const fn server(&self) -> &Server {
        &self.backend.server
    }

    /// The server process that serves this session.
    pub const fn pid(&self) -> i32 {
        self.backend.pid
    }

    /// Runs one or several statements without parameters and returns the rows that the last one changed or returned.
    /// Rows that come back are counted, not kept.
    pub async fn execute(&self, sql: &str, doing: impl Into<String>) -> Result<u64, PgError> {
        let counted = async {
            let mut messages = std::pin::pin!(self.client.simple_query_raw(sql).await?);
            let mut rows = 0;
            while let Some(message) = messages.try_next().await? {
                if let SimpleQueryMessage::CommandComplete(count) = message {
                    rows = count;
                }
            }
            Ok(rows)
        };
        counted.await.map_err(|error| PgError::new(doing, &error))
    }

    /// Runs one query and returns its rows.
    pub async fn query(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
        doing: impl Into<String>,
    ) -> Result<Vec<Row>, PgError> {
        self.client.query(sql, params).await.map_err(|error| PgError::new(doing, &error))
    }

    /// Runs one query that returns exactly one row.
    pub async fn query_one(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
        doing: impl Into<String>,
    ) -> Result<Row, PgError> {
        self.client.query_one(sql, params).await.map_err(|error| PgError::new(doing, &error))
    }

    /// Runs one query that returns at most one row.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
        doing: impl Into<String>,
    ) -> Result<Option<Row>, PgError> {
        self.client.query_opt(sql, params).await.map_err(|error| PgError::new(doing, &error))
    }

    /// Runs `work`, statements of this session; when `stop` fires first, they are cancelled on the server, and it is
    /// waited until the server is done with them (else its process is terminated).
    ///
    /// Work that was done before the cancel reached it counts as done: the caller, who knows what it was, sees `Ok`.
    pub async fn run_until<T>(
        &self,
        stop: &CancellationToken,
        side: Side,
        work: impl Future<Output = Result<T, PgError>>,
    ) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return done.map_err(|error| error.on(side)),
            () = stop.cancelled() => {}
        }
        match stop::end_work(&self.backend, work).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(_)) | None => Err(Failure::stopped()),
        }
    }

    /// Lends the session's stream, once everything that was asked before is answered. Until it is given back, whatever
    /// else is asked of the session waits.
    pub(super) async fn lend(&self, doing: &str) -> Result<Loan, PgError> {
        self.client.check_connection().await.map_err(|error| PgError::new(doing, &error))?;
        let lost = |error: std::io::Error| PgError::without_server(doing, error.to_string(), PgErrorKind::Lost);
        self.lender.lend().await.map_err(lost)
    }

    /// Whether the server's machine does not answer a new connection. Says nothing about this session.
    pub(super) async fn is_out_of_reach(&self) -> bool {
        is_out_of_reach(&self.backend.address, self.backend.server.connect_timeout()).await
    }

    /// Asks the server to cancel what this session is running. Says nothing about whether anything was running.
    pub async fn cancel(&self) -> Result<(), PgError> {
        self.backend.cancel().await
    }

    /// Ends a session that has nothing running, with a goodbye so that the server's log stays clean.
    pub async fn close(self) {
        drop(self.client);
        self.driver.finished(GOODBYE).await;
    }

    /// Ends the session for certain, whatever it is doing: cancels, terminates if that doesn't help, and returns when
    /// the server process is gone. An error means that this could not be seen, for example because the server is down.
    pub async fn stop(self) -> Result<(), PgError> {
        // Whether the cancel arrived is seen by what follows.
        drop(self.backend.cancel().await);
        drop(self.client);
        self.driver.finished(stop::GRACE).await;
        stop::confirm_gone(&self.backend).await
    }
}

impl Driver {
    /// Waits until the driver has said goodbye, or not longer than `patience`; then closes the socket.
    async fn finished(mut self, patience: Duration) {
        drop(timeout(patience, &mut self.0).await);
    }
}

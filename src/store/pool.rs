//! Connections to the state database, and the deadline that every call has.

use std::time::{Duration, Instant};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};

use super::connect::InTurn;
use super::connection::{Connection, Prepared, Transaction};
use super::definitions::Definitions;
use super::error::StoreError;
use super::record::Gathering;
use crate::domain::alert::Notify;
use crate::domain::failure::{FailureClass, Side};
use crate::postgres::{PgError, Server};
use crate::telemetry::Metrics;

/// How long a call may take before its outcome counts as unknown (engine.md). The state is small: a call that takes
/// longer than this waits for a lock or a network that is gone.
const CALL: Duration = Duration::from_secs(2);

/// Connections of one process to the state database. Claims, records and heartbeats are short; more would only queue
/// inside PostgreSQL.
const CONNECTIONS: usize = 8;

/// What every connection begins with. A process that is frozen in the middle of a transaction must not keep its rows and
/// guards from the others, who could then not even take over; longer than any call, so that it ends no living one.
/// Statements are planned once, often while tables are empty, and each is written for an index: read from end to end, a
/// table of thousands of rows would cost as much as the rest of a run. What is so short isn't worth compiling.
const GREETING: &str = "set idle_in_transaction_session_timeout = '5s'; set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan";

/// The state database.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    server: Server,
    metrics: Metrics,
    pub(super) definitions: Definitions,
    pub(super) gathering: Gathering,
    /// What is told of jobs that don't say it themselves.
    pub(super) alerts: Option<Notify>,
}

impl Store {
    /// A store on that database. Connects when first used.
    pub fn new(server: Server, metrics: Metrics) -> Result<Self, StoreError> {
        let mut config = server.config().clone();
        config.application_name("windlass state");
        // A transaction that is dropped rolls back, and a connection whose call timed out is thrown away, so nothing is
        // left to clean: a round trip at each checkout would cost as much as most calls.
        let recycling = RecyclingMethod::Fast;
        let tls = server.tls().map_err(|error| StoreError::Database { doing: "preparing connections", error })?;
        let connect = InTurn::new(tls, CALL);
        let manager = Manager::from_connect(config, connect, ManagerConfig { recycling_method: recycling });
        let timeouts = Timeouts { wait: Some(CALL), create: Some(CALL), recycle: Some(CALL) };
        let greeting = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(GREETING).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .post_create(greeting)
            .build()
            .map_err(|error| StoreError::Unavailable { doing: "preparing connections", message: error.to_string() })?;
        Ok(Self {
            pool,
            server,
            metrics,
            definitions: Definitions::default(),
            gathering: Gathering::default(),
            alerts: None,
        })
    }

    /// A store for tests that must not ask it anything: nothing listens where it would connect.
    #[cfg(test)]
    pub(crate) fn unreachable(metrics: Metrics) -> Self {
        Server::from_url("postgres://nobody@127.0.0.1:1/nothing", None)
            .map_err(|error| error.to_string())
            .and_then(|server| Self::new(server, metrics).map_err(|error| error.to_string()))
            .unwrap()
    }

    /// Closes all connections, also those that clones of this store would use: nobody may call it any more.
    pub fn close(&self) {
        self.pool.close();
    }

    /// The database, for connections of another kind.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Runs one call with a connection, within the deadline. A connection that was used when the deadline passed is
    /// thrown away: what it is still doing must not be waited for by the next call.
    pub(super) async fn call<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
    {
        self.call_within(doing, CALL, work).await
    }

    /// Runs one call with a deadline of its own.
    pub(super) async fn call_within<T, F>(&self, doing: &'static str, limit: Duration, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
    {
        let started = Instant::now();
        let result = self.bounded(doing, limit, work).await;
        self.metrics.state_call(doing, started.elapsed());
        match &result {
            Err(StoreError::Unavailable { .. }) => self.metrics.state_up(false),
            _ => self.metrics.state_up(true),
        }
        result
    }

    async fn bounded<T, F>(&self, doing: &'static str, limit: Duration, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
    {
        let unavailable = |message: String| StoreError::Unavailable { doing, message };
        let mut connection = Prepared(self.pool.get().await.map_err(|error| unavailable(chain(&error)))?);
        let answer = tokio::time::timeout(limit, work(&mut connection)).await;
        let timed_out = answer.is_err();
        let result = answer.unwrap_or_else(|_| Err(unavailable(format!("no answer within {limit:?}"))));
        if timed_out || connection.0.is_closed() {
            drop(Object::take(connection.0));
        }
        result
    }

    /// Runs one call in a transaction.
    pub(super) async fn transaction<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    {
        self.call(doing, async |connection: &mut Connection| {
            let transaction = Prepared(connection.0.transaction().await.map_err(database(doing))?);
            let value = work(&transaction).await?;
            transaction.0.commit().await.map_err(database(doing))?;
            Ok(value)
        })
        .await
    }
}

/// What isn't tried again for a job, but passes by itself here: a standby that isn't promoted yet, a statement that
/// somebody or `statement_timeout` cancelled, a transaction that stood still while this process was frozen.
const PASSES: [&str; 3] = ["25006", "57014", "25P03"];

/// Turns a driver's error into a store's.
pub(super) fn database(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> StoreError {
    move |error| of_server(doing, PgError::new(doing, &error))
}

/// A server's error as a store's: what may pass by itself is "unavailable".
pub(super) fn of_server(doing: &'static str, error: PgError) -> StoreError {
    let passes = PASSES.iter().any(|sqlstate| error.is(sqlstate));
    if passes || error.clone().on(Side::Internal).class == FailureClass::Transient {
        StoreError::Unavailable { doing, message: error.message }
    } else {
        StoreError::Database { doing, error }
    }
}

/// What is stored can't be read.
pub(super) fn unreadable(doing: &'static str) -> impl Fn(String) -> StoreError {
    move |message| StoreError::Unreadable { doing, message }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

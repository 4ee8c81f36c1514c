//! One connection to a DuckDB database, and how work is done on it: on a blocking thread, until it is done or stopped.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duckdb::{Connection, InterruptHandle};
use tokio_util::sync::CancellationToken;

use super::error::DuckDbError;
use super::feed;
use super::file::OpenMode;
use super::instance;
use super::registry::{Lease, WriteTurn, lock};

/// Pause between two interrupts of a statement that should stop. DuckDB forgets an interrupt that comes before the
/// statement's execution has begun (duckdb-rs#860), so it is repeated until the call returns.
const INTERRUPT_EVERY: Duration = Duration::from_millis(50);

/// A connection of its own to a database. `close` it when done: dropping it closes the file too, but on the thread
/// that drops it and without a word about what went wrong.
pub struct DuckDbSession {
    inner: Arc<Inner>,
    mode: OpenMode,
}

/// Fields are dropped in order: the connection goes before the share of the database that it belongs to.
struct Inner {
    connection: Mutex<Connection>,
    interrupt: Arc<InterruptHandle>,
    lease: Option<Lease>,
}

impl DuckDbSession {
    pub(super) fn new(connection: Connection, mode: OpenMode, lease: Option<Lease>) -> Self {
        let interrupt = connection.interrupt_handle();
        Self { inner: Arc::new(Inner { connection: Mutex::new(connection), interrupt, lease }), mode }
    }

    /// A database in memory, of this session alone, that spills into a folder `spill` where memory is short. Other
    /// files can be attached to it; not one that this process has open.
    pub async fn in_memory(spill: &Path) -> Result<Self, DuckDbError> {
        let spill = spill.to_path_buf();
        let opened = on_blocking_thread(move || {
            let connection = instance::open(&spill)?;
            feed::register(&connection)?;
            Ok(connection)
        })
        .await;
        let connection = opened.map_err(|error| DuckDbError::opening("opening a database in memory", &error))?;
        Ok(Self::new(connection, OpenMode::ReadWrite, None))
    }

    /// Lets the database in memory use no more than so many bytes. What doesn't fit is spilled.
    pub async fn limit_memory(&self, bytes: u64) -> Result<(), DuckDbError> {
        let never = CancellationToken::new();
        self.run(&never, "setting its memory limit", move |connection| instance::limit_memory(connection, bytes)).await
    }

    /// Says how much memory is enough for this session's work on a file, `None` for all that there is. The sessions of a
    /// file share its memory, so it is kept low only while that is enough for all of them.
    pub async fn get_along_with(&self, bytes: Option<u64>) {
        let inner = Arc::clone(&self.inner);
        let suit = move || inner.lease.as_ref().map(|lease| lease.get_along_with(bytes));
        on_blocking_thread(suit).await;
    }

    /// Another session of the same database in memory.
    pub async fn another(&self) -> Result<Self, DuckDbError> {
        let inner = Arc::clone(&self.inner);
        let connected = on_blocking_thread(move || lock(&inner.connection).try_clone()).await;
        let connection = connected.map_err(|error| DuckDbError::opening("opening another session", &error))?;
        Ok(Self::new(connection, self.mode, None))
    }

    /// The name of the file's database in SQL; `memory` for one in memory.
    pub fn database_name(&self) -> &str {
        self.inner.lease.as_ref().map_or("memory", Lease::name)
    }

    /// What the session was opened for.
    pub const fn mode(&self) -> OpenMode {
        self.mode
    }

    /// Waits for the right to write to the file; `None` for a database in memory, which nobody shares. Everybody in
    /// this process who writes to a file takes turns.
    pub async fn write_turn(&self, stop: &CancellationToken) -> Result<Option<WriteTurn>, DuckDbError> {
        let Some(lease) = &self.inner.lease else { return Ok(None) };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(DuckDbError::stopped("waiting for the turn to write")),
            turn = lease.write_turn() => Ok(Some(turn)),
        }
    }

    /// Does `work` with the connection on a blocking thread. When `stop` fires, or the future is dropped, DuckDB is
    /// interrupted until the work returns; the caller of a stopped session gets `DuckDbErrorKind::Stopped`. Work that
    /// was done before the stop was noticed counts as done.
    pub async fn run<T: Send + 'static>(
        &self,
        stop: &CancellationToken,
        doing: &str,
        work: impl FnOnce(&Connection) -> Result<T, duckdb::Error> + Send + 'static,
    ) -> Result<T, DuckDbError> {
        if stop.is_cancelled() {
            return Err(DuckDbError::stopped(doing));
        }
        let running = Running { inner: Arc::clone(&self.inner), state: Arc::new(State::default()) };
        let (inner, state) = (Arc::clone(&self.inner), Arc::clone(&running.state));
        let work = on_blocking_thread(move || {
            let _finished = Finished(&state);
            // Nobody waits any more: the future was dropped before a thread was free.
            if state.abandoned.load(Ordering::SeqCst) {
                return None;
            }
            Some(work(&lock(&inner.connection)))
        });
        tokio::pin!(work);
        let result = tokio::select! {
            biased;
            result = &mut work => result,
            () = stop.cancelled() => loop {
                running.inner.interrupt.interrupt();
                tokio::select! {
                    biased;
                    result = &mut work => break result,
                    () = tokio::time::sleep(INTERRUPT_EVERY) => {}
                }
            },
        };
        match result {
            Some(Ok(value)) => Ok(value),
            _ if stop.is_cancelled() => Err(DuckDbError::stopped(doing)),
            Some(Err(error)) => {
                let error = DuckDbError::statement(doing, &error);
                if let Some(lease) = &self.inner.lease {
                    lease.notice(&error);
                }
                Err(error)
            }
            None => Err(DuckDbError::stopped(doing)),
        }
    }

    /// Closes the session. The last one of a file writes everything into the file and closes it; an error then says
    /// that a write-ahead log stays beside the file, not that anything committed is lost.
    pub async fn close(self) -> Result<(), DuckDbError> {
        on_blocking_thread(move || {
            // Work whose future was dropped still holds the connection; the file closes when it returns.
            let Some(inner) = Arc::into_inner(self.inner) else { return Ok(()) };
            drop(inner.connection);
            inner.lease.map_or(Ok(()), |lease| lease.settle())
        })
        .await
    }

    /// Rolls back what is open, without waiting for a thread: for destructors.
    pub(super) fn roll_back_now(&self) {
        let connection = lock(&self.inner.connection);
        // Fails where DuckDB has rolled back by itself.
        drop(connection.execute_batch("rollback"));
    }
}

impl std::fmt::Debug for DuckDbSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DuckDbSession")
            .field("database", &self.database_name())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// What the thread that works and the future that waits for it tell each other.
#[derive(Default)]
struct State {
    abandoned: AtomicBool,
    finished: AtomicBool,
}

/// Set when the work is over, also by a panic.
struct Finished<'s>(&'s State);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.finished.store(true, Ordering::SeqCst);
    }
}

/// Work under way. Dropped before its end, it has the work interrupted until that returns.
struct Running {
    inner: Arc<Inner>,
    state: Arc<State>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.abandoned.store(true, Ordering::SeqCst);
        if self.state.finished.load(Ordering::SeqCst) {
            return;
        }
        let (inner, state) = (Arc::clone(&self.inner), Arc::clone(&self.state));
        let interrupting = move || {
            while !state.finished.load(Ordering::SeqCst) {
                inner.interrupt.interrupt();
                std::thread::sleep(INTERRUPT_EVERY);
            }
        };
        // Without a thread to spare the work goes on to its natural end, which nobody waits for.
        drop(std::thread::Builder::new().name("duckdb-interrupt".to_owned()).spawn(interrupting));
    }
}

/// Runs `work` on a blocking thread and waits for it; a panic there is a panic here.
pub(super) async fn on_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and with it whoever waits here.
            Err(_) => std::future::pending().await,
        },
    }
}

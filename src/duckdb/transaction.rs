//! A transaction that spans several pieces of work, so that a step can pass the gate before it commits.

use duckdb::Connection;
use tokio_util::sync::CancellationToken;

use super::error::DuckDbError;
use super::file::OpenMode;
use super::registry::WriteTurn;
use super::session::DuckDbSession;

/// An open transaction of a session. Dropped without `commit`, it is rolled back.
#[derive(Debug)]
pub struct DuckDbTransaction<'s> {
    session: &'s DuckDbSession,
    /// Held until the end: two transactions that write to one file would only conflict.
    _turn: Option<WriteTurn>,
    open: bool,
}

impl DuckDbSession {
    /// Begins a transaction; one that writes waits for its turn first.
    pub async fn begin(&self, stop: &CancellationToken) -> Result<DuckDbTransaction<'_>, DuckDbError> {
        let (turn, statement) = match self.mode() {
            OpenMode::ReadWrite => (self.write_turn(stop).await?, "begin transaction"),
            OpenMode::ReadOnly => (None, "begin transaction read only"),
        };
        // From here on a drop rolls back, even one between the statement and its answer.
        let transaction = DuckDbTransaction { session: self, _turn: turn, open: true };
        self.run(stop, "beginning a transaction", |connection| connection.execute_batch(statement)).await?;
        Ok(transaction)
    }
}

impl DuckDbTransaction<'_> {
    /// Does `work` within the transaction, as `DuckDbSession::run` does.
    pub async fn run<T: Send + 'static>(
        &self,
        stop: &CancellationToken,
        doing: &str,
        work: impl FnOnce(&Connection) -> Result<T, duckdb::Error> + Send + 'static,
    ) -> Result<T, DuckDbError> {
        self.session.run(stop, doing, work).await
    }

    /// Commits. Not to be stopped: half of an answer would be worse than a short wait.
    pub async fn commit(mut self) -> Result<(), DuckDbError> {
        let never = CancellationToken::new();
        self.session.run(&never, "committing", |connection| connection.execute_batch("commit")).await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for DuckDbTransaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.session.roll_back_now();
        }
    }
}

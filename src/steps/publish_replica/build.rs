//! What both ways of building a replica share: the new file, attached to a DuckDB session while it is filled.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbSession, literal, quoted};
use crate::steps::StepContext;
use crate::steps::replica::Fingerprint;
pub(super) use crate::steps::replica::TableRows;

use super::place::Place;

/// What a new file is built for.
pub(super) struct Build<'b> {
    /// Where it will stand.
    pub(super) place: &'b Place,
    /// The storage version that was asked for.
    pub(super) storage_version: &'b str,
    /// The attempt.
    pub(super) context: &'b StepContext,
    /// The new file's fingerprint, where it was taken while the file was written.
    pub(super) fingerprint: OnceLock<Fingerprint>,
}

/// A new file, complete as far as its builder knows.
pub(super) struct Made {
    /// How it was made, as the outcome says it.
    pub(super) method: &'static str,
    /// The tables that it must hold.
    pub(super) tables: Vec<TableRows>,
}

impl Build<'_> {
    /// The name that the new file is attached under: no other attempt's, for attempts may share a DuckDB instance.
    pub(super) fn database(&self) -> String {
        self.context.hidden_name(0)
    }

    /// Attaches the new file, has it filled, writes everything into it and detaches it, on every path.
    pub(super) async fn fill<T>(
        &self,
        session: &DuckDbSession,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let database = quoted(&self.database());
        let path = self.place.temporary_text()?;
        let version = literal(self.storage_version);
        let attach = format!("attach {} as {database} (read_write, storage_version {version})", literal(path));
        let doing = format!("making a new file in {}", self.place.folder().display());
        let attached =
            session.run(&self.context.stop, &doing, move |connection| connection.execute_batch(&attach)).await;
        let filled = match attached {
            Ok(()) => self.finish(session, work).await,
            Err(error) => Err(error.on(Side::Target)),
        };
        let detached = self.detach(session, filled.is_err()).await;
        let filled = filled?;
        detached?;
        match self.place.logs_of_temporary().next() {
            None => Ok(filled),
            Some(log) => Err(Failure::permanent(
                Code::ReplicaCheck,
                Side::Target,
                format!("the new file was closed, but a write-ahead log stayed beside it: {}", log.display()),
            )),
        }
    }

    async fn finish<T>(
        &self,
        session: &DuckDbSession,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let filled = work.await?;
        let checkpoint = format!("checkpoint {}", quoted(&self.database()));
        let work = move |connection: &::duckdb::Connection| connection.execute_batch(&checkpoint);
        session.run(&self.context.stop, "writing the new file", work).await.map_err(|error| error.on(Side::Target))?;
        Ok(filled)
    }

    /// Detaches the new file, also when the step should stop: the instance may be another step's too.
    async fn detach(&self, session: &DuckDbSession, failed: bool) -> Result<(), Failure> {
        let detach = format!("detach database if exists {}", quoted(&self.database()));
        let work = move |connection: &::duckdb::Connection| {
            if failed {
                // There is none to roll back if the failure was outside of a transaction.
                drop(connection.execute_batch("rollback"));
            }
            connection.execute_batch(&detach)
        };
        let never = CancellationToken::new();
        session.run(&never, "closing the new file", work).await.map_err(|error| error.on(Side::Target))
    }
}

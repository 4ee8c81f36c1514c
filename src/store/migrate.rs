//! Brings the schema up to date at start.
//!
//! Migrations are numbered SQL files in `migrations/`, constant in time, run under an advisory lock so that several
//! daemons may start at once. A schema that knows migrations which this binary doesn't is refused: an older binary must
//! not write what a newer one has changed.

use std::time::Duration;

use refinery::Runner;

use super::connection::Connection;
use super::error::StoreError;
use super::pool::{Store, database, of_server};
use crate::postgres::PgError;

refinery::embed_migrations!("migrations");

/// Migrations are quick, but the lock may be held by another daemon that is migrating.
const LIMIT: Duration = Duration::from_mins(1);

/// Guards migrations against each other. The number is "windlass" in ASCII.
const LOCK: i64 = 0x7769_6e64_6c61_7373;

const DOING: &str = "migrating";

/// The number of the newest migration that this binary knows.
pub fn newest_migration() -> i32 {
    migrations::runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

impl Store {
    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.call_within(DOING, LIMIT, async |connection: &mut Connection| {
            let client: &mut tokio_postgres::Client = &mut connection.0;
            client.execute("select pg_advisory_lock($1)", &[&LOCK]).await.map_err(database(DOING))?;
            let result = up_to_date(client).await;
            client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await.map_err(database(DOING))?;
            result
        })
        .await
    }
}

async fn up_to_date(client: &mut tokio_postgres::Client) -> Result<(), StoreError> {
    // "if not exists" still needs the privilege to create; a DBA may have made the schema for us.
    let exists = client
        .query_one("select to_regnamespace('windlass') is not null", &[])
        .await
        .map_err(database(DOING))?
        .get::<_, bool>(0);
    if !exists {
        client.batch_execute("create schema windlass").await.map_err(database(DOING))?;
    }
    let runner: Runner = migrations::runner().set_abort_missing(true).set_abort_divergent(true);
    let mut runner = runner;
    runner.set_migration_table_name("windlass.migration");
    match runner.run_async(client).await {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &refinery::Error) -> StoreError {
    use std::error::Error;
    match error.kind() {
        refinery::error::Kind::MissingVersion(migration) => {
            StoreError::Newer(format!("it has migration {migration}, which this binary doesn't know"))
        }
        _ => match error.source().and_then(|source| source.downcast_ref::<tokio_postgres::Error>()) {
            Some(source) => of_server(DOING, PgError::new(DOING, source)),
            None => StoreError::Unreadable { doing: DOING, message: error.to_string() },
        },
    }
}

//! Brings the schema up to date at start.
//!
//! Migrations are numbered SQL files in `migrations/`, constant in time, run under an advisory lock so that several
//! daemons may start at once. Indexes over large tables aren't theirs, they come from `indexes`. A schema that knows migrations which this binary doesn't is refused: an older binary must
//! not write what a newer one has changed.

use std::time::Duration;

use refinery::Runner;

use super::connection::Connection;
use super::error::StoreError;
use super::indexes;
use super::pool::{Store, database, of_server};
use crate::postgres::PgError;

refinery::embed_migrations!("migrations");

/// Migrations are quick, but the lock may be held by another daemon that is migrating.
const LIMIT: Duration = Duration::from_mins(1);

/// Guards migrations against each other. The number is "windlass" in ASCII.
const LOCK: i64 = 0x7769_6e64_6c61_7373;

const DOING: &str = "migrating";

/// Migrations that were written anew before any version was released, and the checksums that databases of those days have of
/// them: both made indexes, which are now built beside the work.
const REWRITTEN: [(i32, &str); 2] = [(6, "18339821249475990073"), (11, "1676833591232856846")];

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
            let result = match up_to_date(client).await {
                Ok(()) => indexes::build_if_few(client).await,
                Err(error) => Err(error),
            };
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
    recognize_rewritten(client).await?;
    let mut runner: Runner = migrations::runner().set_abort_missing(true).set_abort_divergent(true);
    runner.set_migration_table_name("windlass.migration");
    match runner.run_async(client).await {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(&error)),
    }
}

/// Notes the present checksum of migrations that were written anew.
async fn recognize_rewritten(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let exists = "select to_regclass('windlass.migration') is not null";
    if !client.query_one(exists, &[]).await.map_err(database(DOING))?.get::<_, bool>(0) {
        return Ok(());
    }
    for migration in migrations::runner().get_migrations() {
        let Some((version, before)) = REWRITTEN.iter().find(|(version, _)| *version == migration.version()) else {
            continue;
        };
        let now = migration.checksum().to_string();
        let note = "update windlass.migration set checksum = $1 where version = $2 and checksum = $3";
        client.execute(note, &[&now, version, before]).await.map_err(database(DOING))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables that grow with what has run.
    const LARGE: [&str; 5] = ["run", "attempt", "firing", "lock_grant", "audit"];

    #[test]
    fn no_migration_but_the_first_reads_a_large_table() {
        for migration in migrations::runner().get_migrations().iter().filter(|migration| migration.version() > 1) {
            let text: Vec<&str> = migration
                .sql()
                .unwrap_or_default()
                .lines()
                .map(|line| line.split("--").next().unwrap_or_default())
                .collect();
            for statement in text.join(" ").split(';') {
                let words = statement.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
                let large = LARGE.iter().any(|table| words.contains(&format!("windlass.{table} ")));
                let reads = [
                    "create index",
                    "create unique index",
                    "set not null",
                    " type ",
                    "update ",
                    "delete from",
                    "add primary key",
                ]
                .iter()
                .any(|what| words.starts_with(what) || words.contains(what) && words.starts_with("alter"))
                    || words.contains("add constraint") && !words.ends_with("not valid");
                assert!(!(large && reads), "V{} takes longer the more runs there are: {words}", migration.version());
            }
        }
    }
}

//! Ends what earlier attempts of the same step left on a server, before a new attempt works there.
//!
//! A daemon that was paused or cut off may still hold a transaction that could commit later. Its sessions carry the
//! run and step in their `application_name`, its tables in their hidden names; so the next attempt finds and ends
//! both. Tables are those of the session's database only; sessions are found in all databases of the server.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::{PgError, PgErrorKind};
use super::ident::{Ident, QualifiedName};
use super::session::Session;

/// How long terminated sessions may take to be gone.
const DEADLINE: Duration = Duration::from_secs(10);

/// Pause between two looks at `pg_stat_activity`.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How an attempt's belongings are told from those of others.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// What the names of all sessions of the step start with, whichever attempt.
    pub step: &'a str,
    /// What the names of this attempt's own sessions start with.
    pub attempt: &'a str,
    /// What the names of all hidden tables of the step start with.
    pub hidden: &'a str,
}

/// What was found and ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions terminated, by name.
    pub sessions: Vec<String>,
    /// Tables dropped, quoted.
    pub tables: Vec<String>,
}

/// Terminates the sessions of earlier attempts, waits until they are gone, and drops their hidden tables.
pub async fn sweep(session: &Session, marks: Marks<'_>) -> Result<Swept, PgError> {
    let sessions = end_sessions(session, marks).await?;
    let tables = drop_hidden_tables(session, marks.hidden).await?;
    Ok(Swept { sessions, tables })
}

/// Drops all tables whose names start with `prefix`, all at once because foreign keys may lead from one to another, and
/// returns their names.
pub async fn drop_hidden_tables(session: &Session, prefix: &str) -> Result<Vec<String>, PgError> {
    let find = "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                where c.relkind in ('r', 'p') and starts_with(c.relname, $1) order by 1, 2";
    let rows = session.query(find, &[&prefix], "looking for hidden tables").await?;
    let name = |row: &tokio_postgres::Row| {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        QualifiedName { schema: Some(Ident::new(schema)), name: Ident::new(name) }.to_string()
    };
    let names: Vec<String> = rows.iter().map(name).collect();
    if !names.is_empty() {
        // Whoever holds a lock on a hidden table of ours (a curious query, an autovacuum) must not hold us for ever.
        let statement =
            format!("set lock_timeout = '10s'; drop table if exists {}; reset lock_timeout", names.join(", "));
        session.execute(&statement, "dropping hidden tables").await?;
    }
    Ok(names)
}

async fn end_sessions(session: &Session, marks: Marks<'_>) -> Result<Vec<String>, PgError> {
    let doing = "ending sessions of earlier attempts";
    let theirs = "from pg_stat_activity where starts_with(application_name, $1) and not starts_with(application_name, $2) \
                  and backend_type = 'client backend' and pid <> pg_backend_pid()";
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&marks.step, &marks.attempt];
    let terminate = format!("select application_name, pg_terminate_backend(pid) {theirs}");
    let found = session.query(&terminate, &params, doing).await?;
    let names: Vec<String> = found.iter().map(|row| row.get(0)).collect();
    if names.is_empty() {
        return Ok(names);
    }
    let deadline = Instant::now() + DEADLINE;
    let look = format!("select application_name {theirs} limit 1");
    while let Some(row) = session.query_opt(&look, &params, doing).await? {
        if Instant::now() > deadline {
            let message = format!("session `{}` is still there after it was terminated", row.get::<_, String>(0));
            return Err(PgError::without_server(doing, message, PgErrorKind::Lost));
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(names)
}

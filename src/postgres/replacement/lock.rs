//! The lock that a swap needs, without making anybody wait for long.
//!
//! Whoever waits for an exclusive lock makes every reader that comes after wait too. So each try is short, all tables
//! of it together, and between two tries the readers get their turn. The tables are locked in the order of their names,
//! so that two swaps can't wait for each other in a circle.

use std::time::Duration;

use tokio::time::sleep;

use crate::postgres::error::PgError;
use crate::postgres::ident::{QualifiedName, literal};
use crate::postgres::session::Session;

/// How long one try waits for all locks together.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is tried. With the pauses it is about half a minute that a reader may keep its transaction open.
pub(super) const TRIES: u32 = 20;

/// Pause after a try that got no lock: readers that queued up meanwhile get their turn.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Whether an error says that a lock was not to be had now.
pub(super) fn is_busy(error: &PgError) -> bool {
    error.is("55P03") || error.is("40P01")
}

/// How a table is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Against writers that lock out others, for adding rows.
    RowExclusive,
    /// Against all writers.
    ShareRowExclusive,
    /// Against everybody.
    AccessExclusive,
}

impl LockMode {
    const fn words(self) -> &'static str {
        match self {
            Self::RowExclusive => "row exclusive",
            Self::ShareRowExclusive => "share row exclusive",
            Self::AccessExclusive => "access exclusive",
        }
    }
}

/// A table and how it is locked.
pub type TableLock = (QualifiedName, LockMode);

/// Begins a transaction and locks tables in it, trying again while others hold them.
///
/// The session must not be in a transaction; after an error it isn't, either.
pub async fn begin_locked(session: &Session, tables: &[TableLock], doing: &str) -> Result<(), PgError> {
    let mut holders = Holders { words: None, patience: PATIENCE };
    let mut tries = 1;
    loop {
        let locked = async {
            session.execute("begin", doing).await?;
            lock(session, tables, holders.patience, doing).await
        };
        let Err(error) = locked.await else { return Ok(()) };
        // The error of the lock is what matters; a session that can't roll back is lost anyway.
        drop(session.execute("rollback", "rolling back").await);
        if !is_busy(&error) {
            return Err(error);
        }
        let names: Vec<String> = tables.iter().map(|(name, _)| name.to_string()).collect();
        let find = "select coalesce(array_agg(to_regclass(n)::oid), '{}') from unnest($1::text[]) as n";
        let oids: Vec<Option<u32>> = session.query_one(find, &[&names], doing).await?.get(0);
        let oids: Vec<u32> = oids.into_iter().flatten().collect();
        holders = self::holders(session, &oids).await.unwrap_or(holders);
        if tries == TRIES {
            return Err(holders.explain(error));
        }
        tries += 1;
        sleep(PAUSE).await;
    }
}

/// Locks tables within the session's transaction. `lock_timeout` is what is left of `patience`, lock by lock, so a
/// reader never queues for longer, however many tables there are.
pub(super) async fn lock(
    session: &Session,
    tables: &[TableLock],
    patience: Duration,
    doing: &str,
) -> Result<(), PgError> {
    if tables.is_empty() {
        return Ok(());
    }
    let mut tables: Vec<(String, LockMode)> = tables.iter().map(|(name, mode)| (name.to_string(), *mode)).collect();
    tables.sort_unstable();
    tables.dedup();
    let names: Vec<String> =
        tables.iter().map(|(name, mode)| literal(&format!("{name} in {} mode", mode.words()))).collect();
    let body = format!(
        "declare
           ends constant timestamptz := clock_timestamp() + interval '{} milliseconds';
           name text;
         begin
           foreach name in array array[{}]::text[] loop
             perform set_config('lock_timeout', greatest(1, ceil(extract(epoch from ends - clock_timestamp()) * 1000))::int::text, true);
             execute 'lock table ' || name;
           end loop;
         end",
        patience.as_millis(),
        names.join(", ")
    );
    session.execute(&format!("do {}", literal(&body)), doing).await.map(drop)
}

/// Who stood in the way.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// In words; `None` if they are gone.
    pub(super) words: Option<String>,
    /// How long the next try should wait: longer than usual for an autovacuum, which gives way to whoever has waited
    /// for `deadlock_timeout`.
    pub(super) patience: Duration,
}

impl Holders {
    /// The error with what to do about it.
    pub(super) fn explain(self, mut error: PgError) -> PgError {
        if let Some(words) = self.words {
            error.detail = Some(format!("the lock is held by {words}"));
            error.hint =
                Some("end the transaction that has read the table, or run the job when nobody holds it".to_owned());
        }
        error
    }
}

/// Looks who holds locks on the tables. The session must not be in a transaction.
pub(super) async fn holders(session: &Session, oids: &[u32]) -> Result<Holders, PgError> {
    let row = session.query_one(HOLDERS, &[&oids], "looking who holds the lock").await?;
    let words: Option<String> = row.get(0);
    let yields_after_ms: Option<i64> = row.get(1);
    let more = yields_after_ms.and_then(|ms| u64::try_from(ms).ok()).map_or(Duration::ZERO, Duration::from_millis);
    Ok(Holders { words, patience: PATIENCE + more })
}

const HOLDERS: &str = "
    select string_agg(distinct coalesce(
             'process ' || a.pid || ' (' || concat_ws(', ', coalesce(nullif(a.application_name, ''), a.usename, a.backend_type),
               a.state || ' since ' || to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) || ')',
             'a prepared transaction (see pg_prepared_xacts)'), '; '),
           max((select setting::int8 from pg_settings where name = 'deadlock_timeout'))
             filter (where a.backend_type = 'autovacuum worker')
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.granted and l.locktype = 'relation' and l.relation = any($1)
      and l.database = (select oid from pg_database where datname = current_database())
      and l.pid is distinct from pg_backend_pid()";

//! Locks that others wait behind, without making anybody wait for long.
//!
//! Whoever waits for an exclusive lock makes every reader that comes after wait too. So each try is short, all locks of
//! it together, and between two tries the readers get their turn. Whoever takes several takes them in the order of the
//! tables' names, so that two can't wait for each other in a circle.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use crate::postgres::error::PgError;
use crate::postgres::ident::{QualifiedName, literal};
use crate::postgres::session::Session;

/// How long one try waits for all locks together.
const TRY: Duration = Duration::from_millis(500);

/// How often it is tried. With the pauses it is about half a minute that a reader may keep its transaction open.
const TRIES: u32 = 20;

/// Pause after a try that got no lock: readers that queued up meanwhile get their turn.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// The statement that locks a table so, by its full name.
    pub(super) fn statement(self, table: &str) -> String {
        let mode = match self {
            Self::RowExclusive => "row exclusive",
            Self::ShareRowExclusive => "share row exclusive",
            Self::AccessExclusive => "access exclusive",
        };
        format!("lock table {table} in {mode} mode")
    }
}

/// A table and how it is locked.
pub type TableLock = (QualifiedName, LockMode);

/// Begins a transaction and locks tables in it, trying again while others hold them.
///
/// The session must not be in a transaction; after an error it isn't, either.
pub async fn begin_locked(session: &Session, tables: &[TableLock], doing: &str) -> Result<(), PgError> {
    let ordered: BTreeSet<(String, LockMode)> = tables.iter().map(|(name, mode)| (name.to_string(), *mode)).collect();
    let statements: Vec<String> = ordered.iter().map(|(name, mode)| mode.statement(name)).collect();
    let mut patience = Patience::with(ordered.into_iter().map(|(name, _)| name).collect());
    loop {
        let begin = format!("begin; {}", patience.within(&statements));
        match session.execute(&begin, doing).await {
            Ok(_) => return Ok(()),
            Err(error) => patience.wait_after(session, error).await?,
        }
    }
}

/// Tries that are left, and how long the next one is.
#[derive(Debug)]
pub(super) struct Patience {
    /// The tables, by their full names, quoted.
    tables: Vec<String>,
    next: Duration,
    tries: u32,
}

impl Patience {
    /// To have locks on those tables.
    pub(super) const fn with(tables: Vec<String>) -> Self {
        Self { tables, next: TRY, tries: 1 }
    }

    /// One statement that runs all of these, one after the other, with what is left of this try's time as
    /// `lock_timeout`: a reader never queues for longer, however many locks there are.
    pub(super) fn within(&self, statements: &[String]) -> String {
        let statements: Vec<String> = statements.iter().map(|statement| literal(statement)).collect();
        let body = format!(
            "declare
               ends constant timestamptz := clock_timestamp() + interval '{} milliseconds';
               usual constant text := current_setting('lock_timeout');
               remains int;
               statement text;
             begin
               foreach statement in array array[{}]::text[] loop
                 remains := ceil(extract(epoch from ends - clock_timestamp()) * 1000);
                 perform set_config('lock_timeout', greatest(1, remains)::text, true);
                 execute statement;
               end loop;
               perform set_config('lock_timeout', usual, true);
             end",
            self.next.as_millis(),
            statements.join(", ")
        );
        format!("do {}", literal(&body))
    }

    /// After a failed try, whose transaction it ends: waits before the next one, or fails if there is to be none.
    pub(super) async fn wait_after(&mut self, session: &Session, mut error: PgError) -> Result<(), PgError> {
        // The error of the try is what matters; a session that can't roll back is lost anyway.
        drop(session.execute("rollback", "rolling back").await);
        if !(error.is("55P03") || error.is("40P01")) {
            return Err(error);
        }
        let holders = self.holders(session).await.unwrap_or_default();
        if self.tries == TRIES {
            if let Some(words) = holders.words {
                error.detail = Some(format!("the lock is held by {words}"));
                error.hint =
                    Some("end the transaction that has read the table, or run the job when nobody holds it".to_owned());
            }
            return Err(error);
        }
        self.next = TRY + holders.gives_way_after.unwrap_or_default();
        self.tries += 1;
        sleep(PAUSE).await;
        Ok(())
    }

    async fn holders(&self, session: &Session) -> Result<Holders, PgError> {
        let row = session.query_one(HOLDERS, &[&self.tables], "looking who holds the lock").await?;
        let gives_way_after: Option<i64> = row.get(1);
        let gives_way_after = gives_way_after.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        Ok(Holders { words: row.get(0), gives_way_after })
    }
}

/// Who stands in the way.
#[derive(Debug, Default)]
struct Holders {
    /// In words; `None` if they are gone.
    words: Option<String>,
    /// An autovacuum gives way to whoever has waited for `deadlock_timeout`, and to nobody who waits less.
    gives_way_after: Option<Duration>,
}

const HOLDERS: &str = "
    select string_agg(distinct coalesce(
             'process ' || a.pid || ' (' || concat_ws(', ', coalesce(nullif(a.application_name, ''), a.usename, a.backend_type),
               a.state || ' since ' || to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) || ')',
             'a prepared transaction (see pg_prepared_xacts)'), '; '),
           max((select setting::int8 from pg_settings where name = 'deadlock_timeout'))
             filter (where a.backend_type = 'autovacuum worker')
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.granted and l.locktype = 'relation'
      and l.relation in (select to_regclass(name) from unnest($1::text[]) name)
      and l.database = (select oid from pg_database where datname = current_database())
      and l.pid is distinct from pg_backend_pid()";

//! Worker slots: how many parallel workers a session could have right now, and who has the others.
//!
//! PostgreSQL launches a parallel worker if fewer than `max_parallel_workers` run, by the value that the *launching*
//! session has set, and if one of the server's `max_worker_processes` slots is free. Parallel workers of all users count,
//! index builds included; replication and extensions take slots of the second kind only.

use tokio_postgres::Row;

use super::error::PgError;
use super::session::Session;

/// The slots of a server, as one session sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSlots {
    /// `max_parallel_workers` of this session.
    pub limit: u32,
    /// `max_worker_processes` of the server.
    pub processes: u32,
    /// Parallel workers that run, whoever's they are.
    pub parallel: u32,
    /// Other background workers that run.
    pub others: u32,
    /// Of these, those that never end: the launcher of logical replication.
    pub permanent: u32,
    /// Whether workers of all users were seen. If not, the numbers are of no use.
    pub complete: bool,
}

/// The numbers, one row. A process type that is none of these is a background worker's own name for itself.
const WORKER_SLOTS: &str = "
    select current_setting('max_parallel_workers')::int4 as slot_limit,
           current_setting('max_worker_processes')::int4 as slot_processes,
           count(*) filter (where backend_type = 'parallel worker')::int4 as slot_parallel,
           count(*) filter (where backend_type not in (
             'parallel worker', 'client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer',
             'checkpointer', 'startup', 'walreceiver', 'walsender', 'walwriter', 'walsummarizer', 'archiver', 'logger',
             'io worker', 'slotsync worker', 'standalone backend', 'dead-end client backend', 'not initialized'
           ))::int4 as slot_others,
           count(*) filter (where backend_type = 'logical replication launcher')::int4 as slot_permanent,
           bool_and(backend_type is not null) as slot_complete
    from pg_stat_activity";

/// Who has parallel workers: the leader's process, in words.
const HOLDERS: &str = "
    select format('process %s (%s%s, %s workers since %s)', worker.leader_pid,
                  coalesce(nullif(max(leader.application_name), ''), 'no name'),
                  coalesce(' as ' || max(leader.usename::text), ''),
                  count(*), coalesce(to_char(max(leader.query_start), 'HH24:MI:SS'), '?'))
    from pg_stat_activity worker left join pg_stat_activity leader on leader.pid = worker.leader_pid
    where worker.backend_type = 'parallel worker'
    group by worker.leader_pid
    order by count(*) desc, worker.leader_pid
    limit 5";

impl WorkerSlots {
    /// Counts them.
    pub async fn count(session: &Session) -> Result<Self, PgError> {
        session.query_one(WORKER_SLOTS, &[], "counting worker slots").await.map(|row| Self::read(&row))
    }

    fn read(row: &Row) -> Self {
        let number = |column| u32::try_from(row.get::<_, i32>(column)).unwrap_or(0);
        Self {
            limit: number("slot_limit"),
            processes: number("slot_processes"),
            parallel: number("slot_parallel"),
            others: number("slot_others"),
            permanent: number("slot_permanent"),
            complete: row.get("slot_complete"),
        }
    }

    /// Workers that would be launched now.
    pub fn free(&self) -> u32 {
        let of_limit = self.limit.saturating_sub(self.parallel);
        let of_processes = self.processes.saturating_sub(self.parallel.saturating_add(self.others));
        of_limit.min(of_processes)
    }

    /// Workers that would be launched if nobody else ran any.
    pub fn most(&self) -> u32 {
        self.limit.min(self.processes.saturating_sub(self.permanent))
    }
}

/// How the guard's own error is told from others.
const GUARD: &str = "windlass: too few worker slots";

/// A statement that fails unless so many slots are free. Sent in one message with the statement that needs them, it
/// leaves nobody time to come in between.
pub fn worker_guard(needed: u32) -> String {
    // A cast that fails is the only way to raise an error in plain SQL. It hangs on a column, so that the planner doesn't
    // try it beforehand.
    format!(
        "select case when free >= {needed} then free else ('{GUARD}, {needed} needed, free: ' || free)::int4 end \
         from (select least(slot_limit, slot_processes - slot_others) - slot_parallel as free \
               from ({WORKER_SLOTS}) as slots) as slots"
    )
}

/// Whether an error is the guard's.
pub fn is_worker_guard(error: &PgError) -> bool {
    error.is("22P02") && error.message.contains(GUARD)
}

/// Who holds parallel workers now, most first, in words.
pub async fn worker_holders(session: &Session) -> Result<Vec<String>, PgError> {
    let rows = session.query(HOLDERS, &[], "looking who holds worker slots").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A name for the server, the same by whatever address and as whatever user it is reached, else `fallback`.
pub async fn server_identity(session: &Session, fallback: &str) -> String {
    // Some managed servers don't let everybody ask.
    let asked = session.query_one("select system_identifier::text from pg_control_system()", &[], "asking who it is");
    asked.await.map_or_else(|_| fallback.to_owned(), |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcer_of_both_limits_counts() {
        let slots = WorkerSlots { limit: 8, processes: 8, parallel: 3, others: 2, permanent: 1, complete: true };
        assert_eq!((slots.free(), slots.most()), (3, 7));
        assert_eq!(WorkerSlots { limit: 4, ..slots }.free(), 1);
        assert_eq!(WorkerSlots { limit: 2, ..slots }.free(), 0);
        assert_eq!(WorkerSlots { limit: 64, processes: 64, ..slots }.free(), 59);
    }
}

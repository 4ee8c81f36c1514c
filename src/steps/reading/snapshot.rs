//! One moment of the source, seen by several sessions.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::{PgError, Server, Session, literal};
use crate::steps::{StepContext, session};

/// What sessions on both sides must agree on: the text form of values, and that no general limit ends a long copy. For
/// the transaction only: behind a pooler the session is shared.
pub(in crate::steps) const SETTINGS: &str = "set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; \
     set local extra_float_digits = 3; set local bytea_output = 'hex'; set local lc_monetary = 'C'; \
     set local timezone = 'UTC'; set local xmloption = 'content'; set local array_nulls = on; \
     set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; \
     select case when current_setting('server_version_num')::int >= 170000 then \
       set_config('transaction_timeout', '0', true) end";

/// The same for sessions on the target, which also work outside of transactions: index by index, table by table.
pub(in crate::steps) const LIMITS: &str = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
     set idle_session_timeout = 0; select case when current_setting('server_version_num')::int >= 170000 then \
       set_config('transaction_timeout', '0', false) end";

/// A snapshot, and the session that keeps it.
pub(in crate::steps) struct Snapshot {
    /// The session, in its transaction.
    pub(in crate::steps) session: Session,
    /// Where the write-ahead log of the source stood then.
    pub(in crate::steps) lsn: Option<String>,
    /// The name under which others can take it.
    name: Option<String>,
}

/// Takes a snapshot; `shared` makes it available to other sessions.
pub(in crate::steps) async fn take(server: &Server, shared: bool, context: &StepContext) -> Result<Snapshot, Failure> {
    let session = session::open(server, "source", Side::Source, context).await?;
    let take = async {
        begin(&session, None).await?;
        let lsn = session.query_one(LSN, &[], "asking for the snapshot's position").await?.get(0);
        let export = "select pg_export_snapshot()";
        let name =
            if shared { Some(session.query_one(export, &[], "sharing the snapshot").await?.get(0)) } else { None };
        Ok((lsn, name))
    };
    match session.run_until(&context.stop, Side::Source, take).await.map_err(unshared) {
        Ok((lsn, name)) => Ok(Snapshot { session, lsn, name }),
        Err(failure) => {
            session::stop(session, context).await;
            Err(failure)
        }
    }
}

impl Snapshot {
    /// Opens another session that sees the same moment.
    pub(in crate::steps) async fn join(
        &self,
        server: &Server,
        role: &str,
        context: &StepContext,
    ) -> Result<Session, Failure> {
        let session = session::open(server, role, Side::Source, context).await?;
        let begun = begin(&session, self.name.as_deref());
        let begun = session.run_until(&context.stop, Side::Source, begun).await.map_err(unshared);
        if let Err(failure) = begun {
            // A snapshot goes with the session that shares it, and then the loss of that one is the cause.
            let lost = if failure.code == Code::CopySnapshot { self.lost(context).await } else { None };
            session::stop(session, context).await;
            return Err(lost.unwrap_or(failure));
        }
        Ok(session)
    }

    /// Why the session that keeps the snapshot is no longer there, if it isn't.
    async fn lost(&self, context: &StepContext) -> Option<Failure> {
        let look = self.session.query_one("select 1", &[], "keeping the snapshot");
        self.session.run_until(&context.stop, Side::Source, look).await.err()
    }
}

async fn begin(session: &Session, snapshot: Option<&str>) -> Result<(), PgError> {
    let doing = "taking a snapshot";
    let import = snapshot.map(|name| format!("set transaction snapshot {}; ", literal(name))).unwrap_or_default();
    let begin = format!("begin isolation level repeatable read read only; {import}{SETTINGS}");
    session.execute(&begin, doing).await.map(drop)
}

/// A snapshot that can't be shared is no reason to try again.
fn unshared(failure: Failure) -> Failure {
    let about_snapshot = matches!(failure.sqlstate.as_deref(), Some("22023" | "25000" | "25001" | "55000" | "0A000"));
    if !about_snapshot {
        return failure;
    }
    Failure { code: Code::CopySnapshot, ..failure }.with_hint(
        "several streams need one snapshot in several sessions: connect past the pooler, or set `streams: 1`",
    )
}

/// A standby says how far it has replayed.
const LSN: &str =
    "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text";

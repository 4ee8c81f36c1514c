//! The first thing that an attempt does on a PostgreSQL server that it writes to: end what earlier attempts left. And the
//! last thing that it does after a failure.

use crate::domain::failure::{Failure, Side};
use crate::domain::step::StepKind;
use crate::postgres::{self, Marks, Server, Session};

use super::environment::Connection;
use super::spool::Spool;
use super::{StepContext, session};

/// Ends what any attempt of a step left at work on the servers that it uses, before its run ends without another attempt.
/// What an attempt had open in its own process (requests, programs) ended with that process or can't be seen from here; what
/// it had on this machine's disk on its way is removed.
pub async fn sweep_left(kind: &StepKind, context: &StepContext) -> Result<(), Failure> {
    Spool::sweep(context)?;
    let mut names = kind.connections();
    names.sort_unstable();
    names.dedup();
    for name in names {
        // A connection that is no longer known leads nowhere that could be looked at.
        let Some(Connection::Postgres(server)) = context.environment.connections.get(name) else { continue };
        let opened = session::open(server, "sweep", Side::Target, context).await?;
        let swept = sweep(&opened, Side::Target, context).await;
        session::end(opened, &swept, context).await;
        swept?;
    }
    Ok(())
}

/// Ends sessions and drops hidden tables of earlier attempts of this run and step.
pub(super) async fn sweep(session: &Session, side: Side, context: &StepContext) -> Result<(), Failure> {
    let step = format!("{}/", context.mark());
    let attempt = format!("{step}{}/", context.attempt);
    let hidden = context.hidden_prefix();
    let marks = Marks { step: &step, attempt: &attempt, hidden: &hidden };
    let swept = session.run_until(&context.stop, side, postgres::sweep(session, marks)).await?;
    for name in &swept.sessions {
        context.warn(format!("ended session `{name}`, left by an earlier attempt"));
    }
    for name in &swept.tables {
        context.warn(format!("dropped the hidden table {name}, left by an earlier attempt"));
    }
    Ok(())
}

/// Drops the hidden tables of this run and step, after a failure and once all its sessions have ended. What can't be
/// dropped now is dropped by the next attempt.
pub(super) async fn clean_up(server: &Server, context: &StepContext) {
    let dropped = async {
        let session = server.connect(&context.application_name("cleanup")).await?;
        let dropped = postgres::drop_hidden_tables(&session, &context.hidden_prefix()).await;
        session.close().await;
        dropped
    };
    if let Err(error) = Box::pin(dropped).await {
        context.warn(format!("could not drop the hidden tables; the next attempt will: {error}"));
    }
}

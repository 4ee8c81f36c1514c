//! The step kind `copy_to_staging`: streams a PostgreSQL table or query into a staging table.
//!
//! ```text
//! source ── COPY (select …) TO STDOUT ──▶ rows, gathered into chunks ──▶ COPY hidden FROM STDIN ── target
//! ```
//!
//! One snapshot on the source. The target's new table is filled under a hidden name, counted and analyzed, and takes
//! the staging table's place in one transaction; until then readers see the old content, and afterwards the new one,
//! whole. Everything that can be wrong without moving data (names, privileges, types, what hangs on the old table) is
//! looked at before any data moves. Several streams and incremental modes are left out.

pub(super) mod source;
mod staging;
mod stream;

use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::CopyStep;
use crate::postgres::replacement;
use crate::postgres::{self, Place, Session};

use super::{StepContext, session, sweep};
use staging::Staging;

/// What both sessions of a copy must agree on: the text form of values, and that no general limit ends a long copy.
const SETTINGS: &str = "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set extra_float_digits = 3; \
                        set bytea_output = 'hex'; set lc_monetary = 'C'; \
                        set statement_timeout = 0; set idle_in_transaction_session_timeout = 0";

/// The sessions of one attempt.
struct Sessions {
    source: Session,
    target: Session,
    /// On the target too: watches the copy, and cleans up when the target's own session is stuck or lost.
    monitor: Session,
}

/// Runs one attempt.
pub(super) async fn run(step: &CopyStep, context: &StepContext) -> Result<Outcome, Failure> {
    let from = context.environment.postgres(&step.from)?;
    let to = context.environment.postgres(&step.to)?;
    let wanted = source::resolve(&step.source, context)?;
    let table = context.table(&step.table)?;
    context.host.progress(Progress::phase("connecting"));
    let monitor = session::open(to, "monitor", Side::Target, context).await?;
    let swept = sweep::sweep(&monitor, Side::Target, context).await;
    let opened = match swept {
        Ok(()) => open_both(from, to, context).await,
        Err(failure) => Err(failure),
    };
    let (source, target) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            let result = Err::<(), _>(failure);
            session::end(monitor, &result, context).await;
            return result.map(|()| Outcome::default());
        }
    };
    let sessions = Sessions { source, target, monitor };
    let result = Box::pin(copy(step, &wanted, &table, &sessions, context)).await;
    let Sessions { source, target, monitor } = sessions;
    tokio::join!(session::end(source, &result, context), session::end(target, &result, context));
    if result.is_err() {
        // Only now: while the target's session lived it could still have held or made the table.
        if let Err(error) = postgres::drop_hidden_tables(&monitor, &context.hidden_prefix()).await {
            context.warn(format!("could not drop the hidden table; the next attempt will: {error}"));
        }
    }
    monitor.close().await;
    result
}

async fn open_both(
    from: &postgres::Server,
    to: &postgres::Server,
    context: &StepContext,
) -> Result<(Session, Session), Failure> {
    let source = session::open(from, "source", Side::Source, context).await?;
    match session::open(to, "target", Side::Target, context).await {
        Ok(target) => Ok((source, target)),
        Err(failure) => {
            source.close().await;
            Err(failure)
        }
    }
}

async fn copy(
    step: &CopyStep,
    wanted: &source::Wanted,
    table: &TableName,
    sessions: &Sessions,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let Sessions { source, target, .. } = sessions;
    context.host.progress(Progress::phase("looking at both sides"));
    let described = source.run_until(&context.stop, Side::Source, source::describe(source, wanted)).await?;
    let place = check_target(table, target, context).await?;
    let staging = staging::plan(target, &place, &described, step.unlogged, context).await?;
    let hidden = context.hidden_name(0);
    target.run_until(&context.stop, Side::Target, staging::create(target, &staging)).await?;
    let copied = stream::copy(&described, &staging, &hidden, sessions, context).await?;
    finish(&staging, target, context).await?;
    context.info(format!("{table}: {} rows, {} bytes ({})", copied.rows, copied.bytes, staging.format.label()));
    Ok(Outcome {
        rows: Some(copied.rows),
        bytes: Some(copied.bytes),
        format: Some(staging.format.label().to_owned()),
        table: Some(table.to_string()),
        ..Outcome::default()
    })
}

/// Where the staging table is.
async fn check_target(table: &TableName, target: &Session, context: &StepContext) -> Result<Place, Failure> {
    let look = async {
        target.execute(SETTINGS, "preparing the session").await?;
        postgres::place(target, table).await
    };
    target.run_until(&context.stop, Side::Target, look).await
}

/// Makes the filled table visible: statistics, the gate, the swap.
async fn finish(staging: &Staging, target: &Session, context: &StepContext) -> Result<(), Failure> {
    let replacement = &staging.replacement;
    context.host.progress(Progress::phase("completing the new table"));
    let only = std::slice::from_ref(replacement);
    let complete = async {
        replacement::complete(target, only).await?;
        target.execute(&format!("analyze {}", replacement.hidden()), "analyzing the new table").await
    };
    target.run_until(&context.stop, Side::Target, complete).await?;
    context.host.progress(Progress::phase("waiting to publish"));
    context.unless_stopped(context.host.gate()).await??;
    context.host.progress(Progress::phase("publishing"));
    let swap = async { replacement::swap(target, only).await.map_err(|error| replacement.speak(error)) };
    target.run_until(&context.stop, Side::Target, swap).await
}

//! The first thing that an attempt does on a PostgreSQL server that it writes to: end what earlier attempts left.

use crate::domain::failure::{Failure, Side};
use crate::postgres::{self, Marks, Session};

use super::StepContext;

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

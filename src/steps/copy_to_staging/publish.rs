//! The one moment at which the new rows become visible.

use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::domain::step::CopyStep;
use crate::postgres::Session;
use crate::postgres::replacement::{self, Replacement};
use crate::steps::StepContext;

use super::exchange;
use super::table::Table;
use crate::steps::reading::meter::sum;
use crate::steps::reading::rate::Copied;

/// Makes all new tables visible at once, once the engine says that the run is still ours.
pub(super) async fn publish(
    step: &CopyStep,
    tables: &[Table],
    replacements: &[Replacement],
    copied: &[Copied],
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    for (table, copied) in tables.iter().zip(copied) {
        let (name, format) = (&table.staging.table, table.format.label());
        context.info(format!("{name}: {} rows, {} bytes ({format})", copied.rows, copied.bytes));
    }
    let all = sum(copied);
    let phase = |phase: &str| {
        context.host.progress(Progress { rows: Some(all.rows), bytes: Some(all.bytes), ..Progress::phase(phase) });
    };
    phase("waiting to publish");
    context.unless_stopped(context.host.gate()).await??;
    phase("publishing");
    if replacements.is_empty() {
        return exchange::exchange(step.mode, &step.key, tables, copied, session, context).await;
    }
    let speak = |error| replacement::speak(replacements, error);
    let swap = async { replacement::swap(session, replacements).await.map_err(speak) };
    session.run_until(&context.stop, Side::Target, swap).await
}

//! What the step kinds do. One file or folder a kind; this module's `match` is the only place that knows them all.
//!
//! A step is a future that works until it is done, fails, or is asked to stop. It cleans up in every case before it
//! returns: no session, half table, temporary file or child process is left behind. It knows neither the engine nor
//! the state database; what it needs of them comes through `Host`.

pub mod alert;
mod collect;
mod columnar;
mod command;
mod context;
mod copy_to_staging;
pub mod doctor;
mod environment;
mod host;
mod marker;
mod parallel_ctas;
mod publish_replica;
mod reading;
pub mod replica;
mod rows;
mod session;
mod spool;
mod sql;
mod sweep;
mod trigger;

pub use context::{SENT_MARK, StepContext, StopSignal};
pub use environment::{Connection, Environment};
pub use host::{Ahead, Host, Level};
pub use spool::{clear_spool, spooled};
pub use sweep::sweep_left;

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::StepKind;

/// Runs one attempt of a step.
pub async fn run(kind: &StepKind, context: &StepContext) -> Result<Outcome, Failure> {
    match kind {
        StepKind::Collect(step) => collect::run(step, context).await,
        StepKind::CopyToStaging(step) => copy_to_staging::run(step, context).await,
        StepKind::ParallelCtas(step) => parallel_ctas::run(step, context).await,
        StepKind::PublishReplica(step) => publish_replica::run(step, context).await,
        StepKind::Sql(step) => sql::run(step, context).await,
        StepKind::Command(step) => command::run(step, context).await,
        StepKind::Trigger(step) => trigger::run(step, context).await,
    }
}

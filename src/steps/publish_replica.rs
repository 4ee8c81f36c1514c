//! The step kind `publish_replica`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::PublishStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &PublishStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`publish_replica` is not written yet"))
}

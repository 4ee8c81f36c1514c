//! The step kind `collect`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::CollectStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &CollectStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`collect` is not written yet"))
}

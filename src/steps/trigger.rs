//! The step kind `trigger`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::TriggerStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &TriggerStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`trigger` is not written yet"))
}

//! The step kind `copy_to_staging`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::CopyStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &CopyStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`copy_to_staging` is not written yet"))
}

//! The step kind `command`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::CommandStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &CommandStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`command` is not written yet"))
}

//! The step kind `sql`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::SqlStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &SqlStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`sql` is not written yet"))
}

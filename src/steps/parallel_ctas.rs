//! The step kind `parallel_ctas`.

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::CtasStep;

use super::StepContext;

/// Runs one attempt.
#[expect(clippy::unused_async, reason = "not written yet")]
pub(super) async fn run(_step: &CtasStep, _context: &StepContext) -> Result<Outcome, Failure> {
    Err(Failure::bug("`parallel_ctas` is not written yet"))
}

//! When a failed attempt is tried again.
//!
//! `attempts` counts the first one. Three budgets are kept apart: the user's (`attempts`), lost attempts (their daemon
//! died) and, inside `parallel_ctas`, attempts to get workers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::{Failure, FailureClass};

/// How often the death of a daemon may cost an attempt of one step before the run is given up. Enough for a rolling
/// restart gone wrong, few enough that a step which kills its daemon each time comes to an end.
pub const LOST_ATTEMPTS: u32 = 5;

/// How the pause grows from one attempt to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// The same pause each time.
    Constant,
    /// `delay` times the number of attempts made.
    Linear,
    /// Doubled each time.
    #[default]
    Exponential,
}

/// A step's retry policy, resolved: every value is legal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// Pause after the first attempt.
    pub delay: Duration,
    /// How the pause grows.
    pub backoff: Backoff,
    /// The pause never exceeds this.
    pub max_delay: Duration,
    /// The pause is changed at random by up to this share of itself, 0 to 1, so that many jobs don't come back at once.
    pub jitter: f64,
    /// Classes that are tried again.
    pub on: Vec<FailureClass>,
}

impl Default for RetryPolicy {
    /// One attempt; the other values apply once `attempts` is raised.
    fn default() -> Self {
        Self {
            attempts: 1,
            delay: Duration::from_secs(2),
            backoff: Backoff::Exponential,
            max_delay: Duration::from_mins(1),
            jitter: 0.1,
            on: vec![FailureClass::Transient, FailureClass::Timeout],
        }
    }
}

impl RetryPolicy {
    /// The pause before the next attempt after `made` attempts of which the last ended with `failure`; `None` if there
    /// is no next one. `chance` is a random number in 0..1.
    pub fn pause(&self, made: u32, failure: &Failure, chance: f64) -> Option<Duration> {
        if made >= self.attempts || !self.on.contains(&failure.class) {
            return None;
        }
        let asked = Duration::from_secs(failure.retry_after_s.unwrap_or(0));
        Some(self.delay_after(made, chance).max(asked))
    }

    /// The pause after `made` attempts, at least one, without regard to whether there is a next one.
    fn delay_after(&self, made: u32, chance: f64) -> Duration {
        let steps = made.saturating_sub(1);
        let factor = match self.backoff {
            Backoff::Constant => 1.0,
            Backoff::Linear => f64::from(steps) + 1.0,
            Backoff::Exponential => 2f64.powi(i32::try_from(steps.min(1000)).unwrap_or(1000)),
        };
        let limit = self.max_delay.as_secs_f64();
        let pause = (self.delay.as_secs_f64() * factor).min(limit);
        let shaken = pause * self.jitter.clamp(0.0, 1.0).mul_add(2.0 * chance.clamp(0.0, 1.0) - 1.0, 1.0);
        Duration::try_from_secs_f64(shaken.clamp(0.0, limit)).unwrap_or(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{code::Code, failure::Side};
    use proptest::prelude::*;

    fn failure(class: FailureClass) -> Failure {
        Failure::new(Code::PostgresOther, class, Side::Source, "x")
    }

    #[test]
    fn retry_stops_after_the_last_attempt_and_for_classes_that_cannot_help() {
        let policy = RetryPolicy { attempts: 3, jitter: 0.0, ..RetryPolicy::default() };
        let transient = failure(FailureClass::Transient);
        assert_eq!(policy.pause(1, &transient, 0.5), Some(Duration::from_secs(2)));
        assert_eq!(policy.pause(2, &transient, 0.5), Some(Duration::from_secs(4)));
        assert_eq!(policy.pause(3, &transient, 0.5), None);
        assert_eq!(policy.pause(1, &failure(FailureClass::Permanent), 0.5), None);
    }

    #[test]
    fn the_other_sides_wish_is_honoured_even_past_the_longest_pause() {
        let policy = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
        let asked = failure(FailureClass::Transient).with_retry_after(Duration::from_mins(5));
        assert_eq!(policy.pause(1, &asked, 0.5), Some(Duration::from_mins(5)));
    }

    proptest! {
        #[test]
        fn a_pause_never_exceeds_the_longest(made in 1u32..5000, delay in 0u64..1_000_000, limit in 0u64..100_000,
                                             jitter in 0.0f64..1.0, chance in 0.0f64..1.0) {
            let policy = RetryPolicy { attempts: u32::MAX, delay: Duration::from_millis(delay), jitter,
                max_delay: Duration::from_millis(limit), ..RetryPolicy::default() };
            let pause = policy.pause(made, &failure(FailureClass::Transient), chance).unwrap();
            prop_assert!(pause <= policy.max_delay);
        }
    }
}

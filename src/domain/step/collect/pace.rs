use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::failure::FailureClass;
use crate::domain::retry::RetryPolicy;
use crate::domain::template::Text;

/// How many requests may be sent in a time, by all steps of a daemon together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// So many,
    pub requests: u32,
    /// in this time, evenly.
    pub per: Duration,
    /// Whose requests count together; `None`: those to the same host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Text>,
}

/// When a single request is sent again, within an attempt of its step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestRetry {
    /// Tries in all, at least one.
    pub attempts: u32,
    /// Pause after the first one; doubled each time.
    pub delay: Duration,
    /// The longest pause, and the longest one that a server may ask for.
    pub max_delay: Duration,
    /// Whether a POST or PATCH may be repeated that the server may have obeyed.
    pub repeatable: bool,
}

impl Default for RequestRetry {
    fn default() -> Self {
        let (delay, max_delay) = (Duration::from_millis(500), Duration::from_secs(30));
        Self { attempts: 4, delay, max_delay, repeatable: false }
    }
}

impl RequestRetry {
    /// Whether it is what a job file gets that says nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The same as a policy.
    pub fn policy(&self) -> RetryPolicy {
        let on = vec![FailureClass::Transient];
        RetryPolicy {
            attempts: self.attempts,
            delay: self.delay,
            max_delay: self.max_delay,
            on,
            ..RetryPolicy::default()
        }
    }
}

use schemars::JsonSchema;
use serde::Deserialize;

use super::Length;
use crate::domain::failure::FailureClass;
use crate::domain::retry::Backoff;

/// When a failed attempt is tried again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retry")]
pub(crate) struct RawRetry {
    /// Attempts in all, the first one counted. Default: 1.
    pub(crate) attempts: Option<u32>,
    /// Pause after the first attempt. Default: 2s.
    pub(crate) delay: Option<Length>,
    /// How the pause grows. Default: exponential.
    pub(crate) backoff: Option<Backoff>,
    /// The pause never exceeds this. Default: 1m, or `delay` if that is longer.
    pub(crate) max_delay: Option<Length>,
    /// The pause is changed at random by up to this share of itself, 0 to 1. Default: 0.1.
    pub(crate) jitter: Option<f64>,
    /// Classes of failure that are tried again: transient, timeout, expectation, permanent. Default: transient and timeout.
    pub(crate) on: Option<Vec<FailureClass>>,
}

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Pairs, Scalar};

/// Starts another job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Trigger")]
pub(crate) struct RawTrigger {
    /// The job's name.
    #[schemars(required)]
    pub(crate) job: Option<String>,
    /// Its parameters.
    pub(crate) params: Option<Pairs<Scalar>>,
    /// Whether to wait for its end; it must then succeed. Default: false.
    pub(crate) wait: Option<bool>,
}

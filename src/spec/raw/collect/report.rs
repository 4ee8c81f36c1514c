use schemars::JsonSchema;
use serde::Deserialize;

use super::RawAuth;
use crate::spec::raw::{Anything, Length, Pairs, Scalar};

/// A report that is made on request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Report")]
pub(crate) struct RawReport {
    /// Makes the report. Its answer, a JSON object, is `report` in later templates. Default method: POST.
    #[schemars(required)]
    pub(crate) create: Option<RawRequest>,
    /// Asks whether it is ready.
    #[schemars(required)]
    pub(crate) poll: Option<RawPoll>,
    /// Deletes it; also done after a failure, a timeout and a cancel. Default method: DELETE.
    pub(crate) delete: Option<RawRequest>,
}

/// A request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Request")]
pub(crate) struct RawRequest {
    /// The address.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body, as it is sent.
    pub(crate) body: Option<String>,
    /// The request's body as JSON; each text in it may be a template.
    pub(crate) json: Option<Anything>,
    /// The request's body as the fields of a form.
    pub(crate) form: Option<Pairs<Scalar>>,
    /// Who we are. Default: as for the download.
    pub(crate) auth: Option<RawAuth>,
}

/// Waiting for a report.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Poll")]
pub(crate) struct RawPoll {
    /// The address of the report's state.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method. Default: GET.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body, as it is sent.
    pub(crate) body: Option<String>,
    /// The request's body as JSON; each text in it may be a template.
    pub(crate) json: Option<Anything>,
    /// The request's body as the fields of a form.
    pub(crate) form: Option<Pairs<Scalar>>,
    /// Who we are. Default: as for the download.
    pub(crate) auth: Option<RawAuth>,
    /// An expression that is true when the report is ready, for example `poll.status == 'BUILT'`.
    #[schemars(required)]
    pub(crate) until: Option<String>,
    /// An expression that is true when the report will never be ready, for example `poll.status == 'FAILED'`.
    pub(crate) failed_if: Option<String>,
    /// Pause between two looks. Default: 2s.
    pub(crate) every: Option<Length>,
    /// Longest wait. Default: 30m.
    pub(crate) timeout: Option<Length>,
}

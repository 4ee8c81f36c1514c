use schemars::JsonSchema;
use serde::Deserialize;

use super::RawReport;
use crate::domain::step::BodyFormat;
use crate::spec::raw::{Pairs, Scalar, Unused};

/// Data from an HTTP server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpSource")]
pub(crate) struct RawHttp {
    /// The address of the data. With `report`: of the download, where `{{ report.<field> }}` is a field of what
    /// `create` answered.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method. Default: GET.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body.
    pub(crate) body: Option<String>,
    /// Who we are.
    pub(crate) auth: Option<RawAuth>,
    /// How the answer is to be read: json, ndjson or csv. Default: json.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for example `/data/rows`. Default: the whole document.
    pub(crate) records: Option<String>,
    /// No effect yet.
    pub(crate) paginate: Option<Unused>,
    /// A report that is created, polled until ready, downloaded and deleted.
    pub(crate) report: Option<RawReport>,
    /// No effect yet.
    pub(crate) rate_limit: Option<Unused>,
    /// Largest answer in bytes, after decompression. Default: 1073741824.
    pub(crate) max_bytes: Option<u64>,
}

/// How a request says who we are: `basic` or `bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpAuth")]
pub(crate) struct RawAuth {
    /// User and password.
    pub(crate) basic: Option<RawBasicAuth>,
    /// A token.
    pub(crate) bearer: Option<String>,
}

/// User and password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BasicAuth")]
pub(crate) struct RawBasicAuth {
    /// The user.
    #[schemars(required)]
    pub(crate) user: Option<String>,
    /// The password; take it from the environment: `{{ env.NAME }}`.
    #[schemars(required)]
    pub(crate) password: Option<String>,
}

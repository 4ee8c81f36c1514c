use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawAuth, RawPaginate, RawRateLimit, RawReport, RawRequestRetry, RawTimeouts, RawTls};
use crate::domain::step::BodyFormat;
use crate::spec::raw::{Anything, Pairs, Scalar};

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
    /// The request's body, as it is sent.
    pub(crate) body: Option<String>,
    /// The request's body as JSON; each text in it may be a template.
    pub(crate) json: Option<Anything>,
    /// The request's body as the fields of a form.
    pub(crate) form: Option<Pairs<Scalar>>,
    /// Who we are.
    pub(crate) auth: Option<RawAuth>,
    /// How the answer is to be read: json, ndjson or csv. Default: json.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for example `/data/rows`. Default: the whole document.
    pub(crate) records: Option<String>,
    /// The answer's encoding, for example `euc-kr`. Default: what the server names, else UTF-8.
    pub(crate) charset: Option<String>,
    /// How the next page is asked for, where the data comes in several.
    pub(crate) paginate: Option<RawPaginate>,
    /// A report that is created, polled until ready, downloaded and deleted.
    pub(crate) report: Option<RawReport>,
    /// How many requests all steps of a daemon may send together.
    pub(crate) rate_limit: Option<RawRateLimit>,
    /// When a single request is sent again, within an attempt of the step.
    pub(crate) retry_requests: Option<RawRequestRetry>,
    /// Certificates.
    pub(crate) tls: Option<RawTls>,
    /// How many redirects are followed. Default: 10.
    pub(crate) redirects: Option<u32>,
    /// How long the server may take.
    pub(crate) timeouts: Option<RawTimeouts>,
    /// Largest answer in bytes, after decompression; of all pages together. Default: 1073741824.
    pub(crate) max_bytes: Option<u64>,
}

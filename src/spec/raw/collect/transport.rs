use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::raw::Length;

/// Certificates, as files in PEM form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpTls")]
#[expect(clippy::struct_field_names, reason = "the names are keys that people type")]
pub(crate) struct RawTls {
    /// Certificates that are trusted besides those of the machine.
    pub(crate) ca_file: Option<String>,
    /// Our certificate, where the server wants one.
    pub(crate) cert_file: Option<String>,
    /// Its key.
    pub(crate) key_file: Option<String>,
}

/// How long a server may take.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpTimeouts")]
pub(crate) struct RawTimeouts {
    /// For a connection, TLS included. Default: 10s.
    pub(crate) connect: Option<Length>,
    /// From the request to the beginning of the answer. Default: 5m.
    pub(crate) first_byte: Option<Length>,
    /// Longest silence within an answer. Default: 2m.
    pub(crate) idle: Option<Length>,
}

/// How many requests all steps of a daemon may send together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RateLimit")]
pub(crate) struct RawRateLimit {
    /// So many.
    #[schemars(required, range(min = 1))]
    pub(crate) requests: Option<u32>,
    /// In this time, evenly. Default: 1s.
    pub(crate) per: Option<Length>,
    /// Whose requests count together: `host` for those to the same server, or a name of your own, for example
    /// `naver-api/{{ params.account }}`. Default: host.
    pub(crate) by: Option<String>,
}

/// When a single request is sent again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RequestRetry")]
pub(crate) struct RawRequestRetry {
    /// Tries in all. Default: 4.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) attempts: Option<u32>,
    /// Pause after the first one; doubled each time. Default: 500ms.
    pub(crate) delay: Option<Length>,
    /// The longest pause; a server that asks for a longer one fails the attempt of the step. Default: 30s.
    pub(crate) max_delay: Option<Length>,
    /// Whether a POST or PATCH may be repeated that the server may have obeyed. Default: false.
    pub(crate) repeatable: Option<bool>,
}

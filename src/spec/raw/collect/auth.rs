use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::step::{SignatureAlgorithm, SignatureEncoding};

/// How a request says who we are: `basic`, `bearer` or `hmac`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpAuth")]
pub(crate) struct RawAuth {
    /// User and password.
    pub(crate) basic: Option<RawBasicAuth>,
    /// A token.
    pub(crate) bearer: Option<String>,
    /// A signature.
    pub(crate) hmac: Option<RawHmacAuth>,
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

/// A signature of each request: an HMAC of a message with a secret that the server knows too.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HmacAuth")]
pub(crate) struct RawHmacAuth {
    /// The secret; take it from the environment: `{{ env.NAME }}`.
    #[schemars(required)]
    pub(crate) secret: Option<String>,
    /// What is signed: a template that knows `request.method`, `path`, `query`, `timestamp` and `body`, for example
    /// `{{ request.timestamp }}.{{ request.method }}.{{ request.path }}`.
    #[schemars(required)]
    pub(crate) message: Option<String>,
    /// The header that holds the signature, for example `X-Signature`.
    #[schemars(required)]
    pub(crate) header: Option<String>,
    /// How the signature is written: base64 or hex. Default: base64.
    pub(crate) encoding: Option<SignatureEncoding>,
    /// The hash function: sha256 or sha512. Default: sha256.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
}

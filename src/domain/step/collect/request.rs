use serde::{Deserialize, Serialize};

use crate::domain::template::Text;

/// One HTTP request. Of `body`, `json` and `form` at most one is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The address, `http` or `https`.
    pub url: Text,
    /// Headers.
    #[serde(default)]
    pub headers: Vec<(String, Text)>,
    /// Query parameters, added to those of the address.
    #[serde(default)]
    pub query: Vec<(String, Text)>,
    /// The body as it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
    /// The body as JSON; each text in it is a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<serde_json::Value>,
    /// The body as the fields of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Vec<(String, Text)>>,
    /// Who we are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<HttpAuth>,
}

impl HttpRequest {
    /// A request without anything special.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let (method, url) = (method.into(), Text(url.into()));
        Self { method, url, headers: Vec::new(), query: Vec::new(), body: None, json: None, form: None, auth: None }
    }
}

/// How a request says who we are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpAuth {
    /// `Authorization: Basic`.
    Basic {
        /// User.
        user: Text,
        /// Password.
        password: Text,
    },
    /// `Authorization: Bearer`.
    Bearer(Text),
    /// A signature in a header.
    Hmac(Box<HmacAuth>),
}

/// A signature of each request: an HMAC of a message with a secret that the server knows too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HmacAuth {
    /// The secret.
    pub secret: Text,
    /// What is signed, for example `{{ request.timestamp }}.{{ request.method }}.{{ request.path }}`.
    pub message: Text,
    /// The header that holds the signature.
    pub header: String,
    /// How the signature is written.
    pub encoding: SignatureEncoding,
    /// The hash function.
    pub algorithm: SignatureAlgorithm,
}

/// How a signature's bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Base64 with padding.
    #[default]
    Base64,
    /// Hexadecimal digits in lower case.
    Hex,
}

/// The hash function of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

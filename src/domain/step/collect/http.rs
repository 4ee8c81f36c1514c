use serde::{Deserialize, Serialize};

use super::{BodyFormat, Report};
use crate::domain::template::Text;

/// Data from an HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpSource {
    /// The request whose answer is the data. With a report: the download, where `{{ report.<field> }}` is a field of
    /// the answer to `create`.
    pub request: HttpRequest,
    /// How the body is to be read.
    pub format: BodyFormat,
    /// JSON pointer to the array of records (RFC 6901); the whole document if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Largest body in bytes, after decompression.
    pub max_bytes: u64,
    /// A report that is made on request, polled, downloaded and deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// One HTTP request.
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
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
    /// Who we are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<HttpAuth>,
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
}

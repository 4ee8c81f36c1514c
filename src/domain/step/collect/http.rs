use serde::{Deserialize, Serialize};

use super::{BodyFormat, HttpRequest, Paginate, RateLimit, Report, RequestRetry, Transport};

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
    /// The body's encoding, whatever the server calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Largest body in bytes, after decompression; of all pages together.
    pub max_bytes: u64,
    /// How the next page is asked for, where the data comes in several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paginate: Option<Paginate>,
    /// A report that is made on request, polled, downloaded and deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// How many requests may be sent in a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// When a single request is sent again.
    #[serde(default, skip_serializing_if = "RequestRetry::is_default")]
    pub retry: RequestRetry,
    /// How the server is reached.
    #[serde(default, skip_serializing_if = "Transport::is_default")]
    pub transport: Transport,
}

impl HttpSource {
    /// Whether an attempt that fails keeps its pages for the next one. Those of a report are gone with the report.
    pub fn keeps_pages(&self) -> bool {
        self.report.is_none() && self.paginate.as_ref().is_some_and(|plan| plan.resume)
    }

    /// One request, everything else as a job file has it that says nothing else.
    pub fn new(request: HttpRequest, format: BodyFormat, max_bytes: u64) -> Self {
        Self {
            request,
            format,
            records: None,
            charset: None,
            max_bytes,
            paginate: None,
            report: None,
            rate_limit: None,
            retry: RequestRetry::default(),
            transport: Transport::default(),
        }
    }
}

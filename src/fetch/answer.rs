//! Small answers that are read as JSON: what a server says about a report, not the report.

use serde_json::Value;

use super::client::Client;
use super::error::{FetchError, FetchErrorKind};
use super::request::Request;
use super::status::excerpt;

/// Largest answer: these are records of a few fields, and they are held in memory.
const LARGEST: usize = 1024 * 1024;

impl Client {
    /// Sends a request and reads its answer as one JSON document.
    pub async fn json(&self, request: &Request) -> Result<Value, FetchError> {
        let doing = request.shown();
        let mut response = self.send(request).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk(&mut response, &doing).await? {
            if bytes.len() + chunk.len() > LARGEST {
                let message = format!("the answer is larger than {LARGEST} bytes");
                return Err(FetchError::new(doing, FetchErrorKind::TooLarge, message));
            }
            bytes.extend_from_slice(&chunk);
        }
        let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if body.trim_ascii().is_empty() {
            return Err(FetchError::new(doing, FetchErrorKind::Format, "expected JSON, the answer is empty"));
        }
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("expected JSON ({error}), the answer begins `{}`", excerpt(body));
            FetchError::new(doing, FetchErrorKind::Format, message)
        })
    }
}

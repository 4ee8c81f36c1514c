//! A body on its way to disk.

use std::path::Path;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::client::Client;
use super::error::{FetchError, FetchErrorKind};
use super::request::Request;

/// How much of the body is kept to see what it is.
const HEAD: usize = 1024;

/// A body that has arrived whole.
#[derive(Clone, Debug)]
pub struct Download {
    /// The request that it answers, as errors name it.
    pub doing: String,
    /// The answer's status.
    pub status: u16,
    /// What the server called it.
    pub content_type: Option<String>,
    /// Its size, decompressed.
    pub bytes: u64,
    /// Its beginning.
    pub head: Vec<u8>,
}

impl Client {
    /// Sends a request and writes the answer's body to a new file, decompressed as its Content-Encoding says. More
    /// than `max_bytes` is an error. `progress` is told the bytes so far and, where the server said it, the size.
    pub async fn download(
        &self,
        request: &Request,
        to: &Path,
        max_bytes: u64,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Download, FetchError> {
        let doing = request.shown();
        let mut response = self.send(request).await?;
        let expected = response.content_length();
        if expected.is_some_and(|expected| expected > max_bytes) {
            return Err(too_large(&doing, max_bytes));
        }
        let disk = |error: &std::io::Error| FetchError::of_disk(&doing, error);
        let mut file = BufWriter::with_capacity(256 * 1024, File::create_new(to).await.map_err(|error| disk(&error))?);
        let mut download = Download {
            status: response.status().as_u16(),
            content_type: content_type(&response),
            bytes: 0,
            head: Vec::new(),
            doing: doing.clone(),
        };
        loop {
            let chunk = response.chunk().await.map_err(|error| broke_off(&doing, error, download.bytes, expected))?;
            let Some(chunk) = chunk else { break };
            download.bytes += chunk.len() as u64;
            if download.bytes > max_bytes {
                return Err(too_large(&doing, max_bytes));
            }
            let room = HEAD - download.head.len();
            download.head.extend_from_slice(&chunk[..chunk.len().min(room)]);
            file.write_all(&chunk).await.map_err(|error| disk(&error))?;
            progress(download.bytes, expected);
        }
        file.flush().await.map_err(|error| disk(&error))?;
        Ok(download)
    }
}

fn broke_off(doing: &str, error: reqwest::Error, bytes: u64, expected: Option<u64>) -> FetchError {
    let cause = FetchError::of_client(doing, error);
    let of = expected.map_or_else(String::new, |expected| format!(" of {expected}"));
    let message = format!("the body broke off after {bytes}{of} bytes: {}", cause.message);
    FetchError::new(doing, FetchErrorKind::BrokeOff, message)
}

fn too_large(doing: &str, max_bytes: u64) -> FetchError {
    FetchError::new(doing, FetchErrorKind::TooLarge, format!("the body is larger than {max_bytes} bytes"))
        .hinting("raise max_bytes if that much is right")
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

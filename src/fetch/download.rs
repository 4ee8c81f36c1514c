//! A body on its way to disk.

use std::path::Path;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::client::Client;
use super::error::{FetchError, FetchErrorKind};
use super::link;
use super::partial::{Partial, version_of};
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
    /// Where it came from, after redirects.
    pub url: String,
    /// The target of its link to the next page, as the server wrote it.
    pub next: Option<String>,
}

impl Client {
    /// Sends a request and writes the answer's body to a file, decompressed as its Content-Encoding says. More than
    /// `max_bytes` is an error. `progress` is told the bytes so far and, where the server said it, the size.
    ///
    /// What came before the body broke off is kept in `partial` and in the file; the next call with the same two asks
    /// for the rest only, where the server lets it.
    pub async fn download(
        &self,
        request: &Request,
        to: &Path,
        max_bytes: u64,
        partial: &mut Partial,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Download, FetchError> {
        let doing = request.shown();
        let mut response = self.send(&partial.ask(request)).await?;
        let begun = partial.take_up(&response);
        let version = begun.as_ref().map_or_else(|| version_of(response.headers()), |begun| Some(begun.version()));
        let goes_on = begun.is_some();
        if !goes_on && response.status() == StatusCode::PARTIAL_CONTENT {
            let message = "another part of the body came than the one that was asked for";
            return Err(FetchError::new(doing, FetchErrorKind::BrokeOff, message));
        }
        let mut download = begun.map_or_else(|| beginning(&response, &doing), |begun| begun.download);
        let expected = response.content_length().map(|rest| download.bytes + rest);
        if expected.is_some_and(|expected| expected > max_bytes) {
            return Err(too_large(&doing, max_bytes));
        }
        let disk = |error: &std::io::Error| FetchError::of_disk(&doing, error);
        let file = open(to, goes_on).await.map_err(|error| disk(&error))?;
        let mut file = BufWriter::with_capacity(256 * 1024, file);
        loop {
            let chunk = match self.chunk(&mut response, &doing).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    file.flush().await.map_err(|error| disk(&error))?;
                    let error = broke_off(error, download.bytes, expected);
                    partial.keep(download, version);
                    return Err(error);
                }
            };
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

/// The file for a body: as it is if the body goes on, else empty.
async fn open(path: &Path, goes_on: bool) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).append(goes_on).truncate(!goes_on).open(path).await
}

/// A body of which nothing has come yet.
fn beginning(response: &Response, doing: &str) -> Download {
    let content_type = response.headers().get(CONTENT_TYPE);
    Download {
        doing: doing.to_owned(),
        status: response.status().as_u16(),
        content_type: content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        bytes: 0,
        head: Vec::new(),
        url: response.url().to_string(),
        next: link::next(response.headers()),
    }
}

fn broke_off(cause: FetchError, bytes: u64, expected: Option<u64>) -> FetchError {
    let of = expected.map_or_else(String::new, |expected| format!(" of {expected}"));
    let message = format!("the body broke off after {bytes}{of} bytes: {}", cause.message);
    FetchError { message, kind: FetchErrorKind::BrokeOff, ..cause }
}

fn too_large(doing: &str, max_bytes: u64) -> FetchError {
    FetchError::new(doing, FetchErrorKind::TooLarge, format!("the body is larger than {max_bytes} bytes"))
        .hinting("raise max_bytes if that much is right")
}

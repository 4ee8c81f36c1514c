//! A body that broke off, and whether the rest of it can be had.
//!
//! The rest is asked for with `Range` and `If-Range`, so a server whose data has changed meanwhile sends all of it anew.
//! Only a body that came as it is can be gone on with: of one that was compressed on the way we don't know where we are.

use reqwest::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use reqwest::{Response, StatusCode};

use super::download::Download;
use super::request::Request;

/// What has come of a body so far, between two tries.
#[derive(Debug, Default)]
pub struct Partial(Option<Begun>);

/// A body that broke off.
#[derive(Debug)]
pub(super) struct Begun {
    /// What has come, and is on the disk.
    pub(super) download: Download,
    /// Its size, once it is whole.
    total: u64,
    /// What tells this version of the data from others: a strong `ETag`, or the time of its last change.
    version: HeaderValue,
}

impl Partial {
    /// The request for what is missing: the same one, for a part of the body.
    pub(super) fn ask(&self, request: &Request) -> Request {
        let mut request = request.clone();
        if let Some(begun) = &self.0
            && let Ok(version) = begun.version.to_str()
        {
            let header = |name: &reqwest::header::HeaderName, value: String| (name.as_str().to_owned(), value);
            request.headers.push(header(&RANGE, format!("bytes={}-", begun.download.bytes)));
            request.headers.push(header(&IF_RANGE, version.to_owned()));
            request.headers.push(header(&ACCEPT_ENCODING, "identity".to_owned()));
        }
        request
    }

    /// What has come so far, if the answer is the rest of it; it is no longer kept then.
    pub(super) fn take_up(&mut self, response: &Response) -> Option<Begun> {
        let begun = self.0.take()?;
        let rest = response.status() == StatusCode::PARTIAL_CONTENT;
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
        let wanted = format!("bytes {}-{}/{}", begun.download.bytes, begun.total - 1, begun.total);
        (rest && range.trim() == wanted).then_some(begun)
    }

    /// Keeps what has come, if the rest can be asked for.
    pub(super) fn keep(&mut self, download: Download, version: Option<(u64, HeaderValue)>) {
        self.0 = version.filter(|(total, _)| (1..*total).contains(&download.bytes)).map(|(total, version)| Begun {
            download,
            total,
            version,
        });
    }
}

impl Begun {
    /// Size and version again, for the next time that it breaks off.
    pub(super) fn version(&self) -> (u64, HeaderValue) {
        (self.total, self.version.clone())
    }
}

/// Size and version of a body, if a part of it may be asked for. A body that is decompressed on its way has no size.
pub(super) fn version_of(headers: &HeaderMap) -> Option<(u64, HeaderValue)> {
    let no_ranges = headers.get(ACCEPT_RANGES).is_some_and(|ranges| ranges == "none");
    let total = headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()?;
    let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let version = strong.or_else(|| headers.get(LAST_MODIFIED))?.clone();
    (!no_ranges).then_some((total, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_that_can_be_told_from_others_is_gone_on_with() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            version_of(&pairs.collect::<HeaderMap>())
                .map(|(total, version)| (total, version.to_str().unwrap().to_owned()))
        };
        let length = ("content-length", "10");
        assert_eq!(headers(&[length, ("etag", "\"a\"")]), Some((10, "\"a\"".to_owned())));
        let date = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(headers(&[length, ("etag", "W/\"a\""), date]), Some((10, date.1.to_owned())));
        assert_eq!(headers(&[length, ("etag", "W/\"a\"")]), None);
        assert_eq!(headers(&[("etag", "\"a\"")]), None);
        assert_eq!(headers(&[length, ("etag", "\"a\""), ("accept-ranges", "none")]), None);
    }
}

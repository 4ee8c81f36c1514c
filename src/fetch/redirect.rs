//! What follows from a redirect.

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};

use super::error::{FetchError, FetchErrorKind};
use super::request::Hop;

/// The next request, if the answer redirects.
///
/// Another host gets nothing but the bare request. Headers of any name may hold a key, so all of them stay behind, not
/// just the ones that are known to.
pub(super) fn next(hop: &Hop, status: StatusCode, headers: &HeaderMap) -> Result<Option<Hop>, FetchError> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (status.as_u16(), headers.get(LOCATION)) else {
        return Ok(None);
    };
    let wrong = |what: String| FetchError::new(hop.shown(), FetchErrorKind::Redirect, what);
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let url = hop
        .url
        .join(&location)
        .map_err(|error| wrong(format!("it redirects to `{location}`, which can't be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!("it redirects to `{}`, which is not http or https", url.scheme())));
    }
    if hop.url.scheme() == "https" && url.scheme() == "http" {
        return Err(wrong(format!("it redirects from https to `{url}`, which anybody could read"))
            .hinting("use the address that it redirects to, if that is what you want"));
    }
    let mut next = Hop { url, ..hop.clone() };
    let repeats_body = matches!(status.as_u16(), 307 | 308);
    if !repeats_body && hop.method != Method::GET && hop.method != Method::HEAD {
        next.method = Method::GET;
    }
    if !repeats_body {
        next.body = None;
        next.headers.remove(CONTENT_TYPE);
        next.headers.remove(CONTENT_LENGTH);
    }
    if !same_origin(&hop.url, &next.url) {
        if next.body.is_some() {
            return Err(wrong(format!("it redirects to another host, `{}`, and wants the body sent there", next.url))
                .hinting("use the address that it redirects to, if that host may have the body"));
        }
        next.headers.clear();
        next.basic = None;
    }
    Ok(Some(next))
}

/// Whether what was said to one may be said to the other. A step up from http to https on one host is the same place.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    let default_ports = one.port().is_none() && other.port().is_none();
    one.host() == other.host() && (default_ports || one.port_or_known_default() == other.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{Auth, Request};

    fn redirected(from: &str, status: u16, to: &str, body: Option<&str>) -> Result<Option<Hop>, FetchError> {
        let request = Request {
            method: if body.is_some() { "POST" } else { "GET" }.into(),
            url: from.into(),
            headers: vec![("X-API-Key".into(), "secret".into())],
            body: body.map(Into::into),
            auth: Some(Auth::Basic { user: "me".into(), password: "p".into() }),
            ..Request::default()
        };
        let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        next(&request.hop().unwrap(), StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn another_host_or_port_gets_no_secret() {
        for to in ["https://other/x", "https://h:444/x"] {
            let hop = redirected("https://h/a", 302, to, None).unwrap().unwrap();
            assert!(hop.headers.is_empty() && hop.basic.is_none(), "{to}: {hop:?}");
        }
        for (from, to) in [("https://h/a", "/b"), ("http://h/a", "https://h/b")] {
            let hop = redirected(from, 302, to, None).unwrap().unwrap();
            assert!(hop.headers.len() == 1 && hop.basic.is_some(), "{to}: {hop:?}");
        }
    }

    #[test]
    fn a_body_is_repeated_only_where_the_status_says_so_and_to_the_same_host() {
        let kept = redirected("https://h/a", 308, "/b", Some("{}")).unwrap().unwrap();
        assert_eq!((kept.method, kept.body.as_deref()), (Method::POST, Some("{}")));
        let seen = redirected("https://h/a", 303, "/b", Some("{}")).unwrap().unwrap();
        assert_eq!((seen.method, seen.body, seen.headers.len()), (Method::GET, None, 1));
        assert!(redirected("https://h/a", 307, "https://other/b", Some("{}")).is_err());
    }

    #[test]
    fn where_it_should_not_lead_is_an_error() {
        assert!(redirected("https://h/a", 302, "http://h/b", None).unwrap_err().message.contains("https to"));
        assert!(redirected("https://h/a", 302, "file:///etc/passwd", None).is_err());
        assert!(redirected("https://h/a", 304, "/b", None).unwrap().is_none());
    }
}

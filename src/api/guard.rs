//! What is refused before anybody is asked who they are: requests that a page of another site made a browser send, and
//! requests to a name that isn't this server's.
//!
//! **Other sites.** A browser says where a request comes from (`Sec-Fetch-Site`, else `Origin`), and no page can change
//! that. What changes something must come from this server's own pages, from the person (a typed address), or from no
//! browser at all. That is what Go's `http.CrossOriginProtection` does; no token within forms is needed beside it.
//!
//! **Other names.** Without a token the only protection is that the address is reached from this machine alone. A page
//! whose name suddenly leads to 127.0.0.1 (DNS rebinding) would be a page of this server's own to a browser; but the
//! request still carries that name.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Access;
use super::problem::Problem;
use crate::domain::code::Code;

/// Lets a request through, or refuses it.
pub(super) async fn check(State(access): State<Access>, request: Request, next: Next) -> Response {
    let host = request.uri().authority().map(Authority::as_str);
    let host = host.or_else(|| text(request.headers(), header::HOST.as_str()));
    if access.is_open()
        && let Some(host) = host
        && !is_local(host)
        && access.public_host().is_none_or(|public| name_of(public) != name_of(host))
    {
        let detail = "this server isn't known by the name that the request has";
        let hint = "use localhost or 127.0.0.1, or set http.public_url in windlass.yaml to the name";
        return Problem::from_code(Code::ForeignRequest, detail).with_hint(hint).into_response();
    }
    if !request.method().is_safe() && is_foreign(request.headers(), host, access.public_host()) {
        let detail = "the request comes from a page of another site";
        let hint = "if a proxy changes names on the way, set http.public_url in windlass.yaml to the address that \
                    browsers know";
        return Problem::from_code(Code::ForeignRequest, detail).with_hint(hint).into_response();
    }
    next.run(request).await
}

/// Whether a browser says that a page of another origin sent this.
fn is_foreign(headers: &HeaderMap, host: Option<&str>, public: Option<&str>) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(from) => !matches!(from, "same-origin" | "none"),
        // An old browser, plain HTTP to another machine, or no browser at all.
        None if headers.contains_key(header::ORIGIN) => {
            let origin = text(headers, header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
            !origin.is_some_and(|(_, authority)| Some(authority) == host || Some(authority) == public)
        }
        None => false,
    }
}

/// Whether a `Host` means this machine.
fn is_local(host: &str) -> bool {
    let name = name_of(host);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// A `Host` without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_of_this_machine_are_local() {
        for local in ["localhost", "LOCALHOST:8321", "127.0.0.1:8321", "127.8.8.8", "[::1]:8321", "[::1]"] {
            assert!(is_local(local), "{local}");
        }
        for other in ["windlass", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "[fe80::1]", ""] {
            assert!(!is_local(other), "{other}");
        }
    }

    fn foreign(headers: &[(&'static str, &'static str)]) -> bool {
        let header = |(name, value): &(&'static str, &'static str)| (name.parse().unwrap(), value.parse().unwrap());
        let headers: HeaderMap = headers
            .iter()
            .map(header)
            .collect::<Vec<(axum::http::HeaderName, axum::http::HeaderValue)>>()
            .into_iter()
            .collect();
        is_foreign(&headers, Some("127.0.0.1:8321"), Some("windlass.example"))
    }

    #[test]
    fn a_browser_that_names_another_site_is_refused_and_no_browser_is_let_through() {
        assert!(!foreign(&[]), "curl");
        assert!(!foreign(&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8321")]));
        assert!(!foreign(&[("sec-fetch-site", "none")]), "a person");
        assert!(!foreign(&[("origin", "http://127.0.0.1:8321")]), "plain HTTP");
        assert!(!foreign(&[("origin", "https://windlass.example")]), "a proxy that changes the name");
        assert!(foreign(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]));
        assert!(foreign(&[("sec-fetch-site", "same-site")]), "a neighbour under one domain");
        assert!(foreign(&[("origin", "https://evil.example")]));
        assert!(foreign(&[("origin", "null")]), "a frame without an origin");
        assert!(foreign(&[("origin", "http://127.0.0.1:8000")]), "another server of this machine");
    }
}

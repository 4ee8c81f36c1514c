//! Who may read and act: the tokens, and what was made of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Uri, header};
use chrono::{DateTime, TimeDelta, Utc};

use super::caller::Caller;
use super::clock;
use super::failures::Failures;
use super::problem::Problem;
use super::security::Token;
use super::session;
use crate::domain::code::Code;
use crate::domain::role::Role;

/// The name of whoever acts where no token is set.
const LOCAL: &str = "local";

/// Who may do what. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    tokens: Vec<NamedToken>,
    /// Scheme, host and port that people know this server by.
    public: Option<Uri>,
    failures: Failures,
}

/// A token with its name and role.
#[derive(Clone, Debug)]
pub struct NamedToken {
    /// Who has it.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// The token.
    pub token: Token,
}

impl Access {
    /// Access by these tokens; without any, for everybody. `public_url` is the address that people know.
    pub fn new(tokens: Vec<NamedToken>, public_url: Option<&str>) -> Self {
        let public = public_url.and_then(|url| url.parse().ok());
        Self(Arc::new(Inner { tokens, public, failures: Failures::default() }))
    }

    /// Whether everybody may do everything, because no token is set.
    pub fn is_open(&self) -> bool {
        self.0.tokens.is_empty()
    }

    /// Whether people reach this server over HTTPS.
    pub(super) fn is_secure(&self) -> bool {
        self.0.public.as_ref().is_some_and(|public| public.scheme_str() == Some("https"))
    }

    /// Host and port that people know this server by.
    pub(super) fn public_host(&self) -> Option<&str> {
        self.0.public.as_ref()?.authority().map(axum::http::uri::Authority::as_str)
    }

    /// Whose the request is.
    pub(super) fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        if self.is_open() {
            return Ok(Caller { name: LOCAL.to_owned(), role: Role::Operate });
        }
        // What a proxy has asked for (`Basic`) is none of ours.
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|shown| bearer(shown.as_bytes()));
        match (shown, self.session(&parts.headers)) {
            // Whoever shows a token wants to be known by it.
            (Some(shown), _) => self.with_token(shown, peer(&parts.extensions)),
            (None, Some(token)) => Ok(token.caller()),
            (None, None) => {
                let hint = "send the header `Authorization: Bearer …`, or sign in at /login";
                Err(Problem::from_code(Code::NotSignedIn, "a token is needed").with_hint(hint))
            }
        }
    }

    /// Whose token this is. Wrong ones count.
    pub(super) fn with_token(&self, shown: &[u8], from: IpAddr) -> Result<Caller, Problem> {
        if let Some(left) = self.0.failures.refused(from) {
            let seconds = left.as_secs() + 1;
            let detail = "too many wrong tokens came from this address";
            return Err(Problem::from_code(Code::TooManyFailures, detail)
                .with_hint(format!("wait {seconds} s"))
                .retry_after(seconds));
        }
        // All are compared, whichever fits: how long it takes says nothing about which.
        let fits = |known: &&NamedToken| known.token.is(shown);
        let found = self.0.tokens.iter().filter(fits).fold(None, |found, known| found.or(Some(known)));
        found.map(NamedToken::caller).ok_or_else(|| {
            self.0.failures.count(from);
            tracing::warn!(address = %from, "a token was shown that isn't known");
            let hint = "http.tokens and http.token_file in windlass.yaml say which are known";
            Problem::from_code(Code::NotSignedIn, "this token isn't known").with_hint(hint)
        })
    }

    /// The cookie that keeps a caller signed in.
    pub(super) fn cookie(&self, caller: &Caller, now: DateTime<Utc>) -> Option<cookie::Cookie<'static>> {
        let known = self.named(&caller.name)?;
        let value = session::seal(&known.name, known.token.digest(), now + TimeDelta::days(session::DAYS));
        let mut cookie = self.bare_cookie(value);
        cookie.set_max_age(cookie::time::Duration::days(session::DAYS));
        Some(cookie)
    }

    /// The cookie that signs out.
    pub(super) fn no_cookie(&self) -> cookie::Cookie<'static> {
        let mut cookie = self.bare_cookie(String::new());
        cookie.set_max_age(cookie::time::Duration::ZERO);
        cookie
    }

    fn bare_cookie(&self, value: String) -> cookie::Cookie<'static> {
        cookie::Cookie::build((session::cookie(self.is_secure()), value))
            .http_only(true)
            .same_site(cookie::SameSite::Strict)
            .secure(self.is_secure())
            .path("/")
            .build()
    }

    /// Whose session the cookies hold.
    fn session(&self, headers: &HeaderMap) -> Option<&NamedToken> {
        let name = session::cookie(self.is_secure());
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut cookies = lines.flat_map(cookie::Cookie::split_parse).filter_map(Result::ok);
        let key = |name: &str| self.named(name).map(|known| *known.token.digest());
        cookies.find_map(|cookie| {
            let value = (cookie.name() == name).then(|| cookie.value().to_owned())?;
            self.named(session::open(&value, clock::now(), key)?)
        })
    }

    fn named(&self, name: &str) -> Option<&NamedToken> {
        self.0.tokens.iter().find(|known| known.name == name)
    }
}

impl NamedToken {
    fn caller(&self) -> Caller {
        Caller { name: self.name.clone(), role: self.role }
    }
}

/// The token in an `Authorization` header.
fn bearer(shown: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = shown.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The address that a request came from.
pub(super) fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    // The server puts it there; without one all count as one.
    peer.map_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_its_header_whatever_the_case_of_the_scheme() {
        assert_eq!(bearer(b"Bearer s3cret"), Some(&b"s3cret"[..]));
        assert_eq!(bearer(b"bearer  s3cret "), Some(&b"s3cret"[..]));
        for other in ["Basic s3cret", "s3cret", "", "bearer"] {
            assert_eq!(bearer(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn each_token_has_its_own_name_and_role() {
        let named =
            |name: &str, role, token| NamedToken { name: name.to_owned(), role, token: Token::new(token).unwrap() };
        let tokens = vec![named("grafana", Role::Read, "one"), named("alice", Role::Operate, "two")];
        let access = Access::new(tokens, Some("https://windlass.example:8443"));
        let from = "127.0.0.1".parse().unwrap();
        assert_eq!(access.with_token(b"one", from).unwrap().role, Role::Read);
        assert_eq!(access.with_token(b"two", from).unwrap().name, "alice");
        assert_eq!(access.with_token(b"three", from).unwrap_err().code(), Code::NotSignedIn);
        assert!(access.is_secure() && access.public_host() == Some("windlass.example:8443"));
    }
}

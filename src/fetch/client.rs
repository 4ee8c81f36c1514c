//! The HTTP client, and how a request is sent and redirected.

use std::time::Duration;

use reqwest::Response;

use super::error::{FetchError, FetchErrorKind};
use super::redirect::{self, LONGEST_CHAIN};
use super::request::Request;
use super::status;

/// How long a connection attempt may take, TLS included; as for PostgreSQL.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may say nothing, before its answer or within it. Long, because a report may be computed while we
/// wait; the step's own timeout is the one to set.
const SILENCE: Duration = Duration::from_mins(5);

/// An HTTP client. Its connections are kept while it lives.
pub struct Client {
    inner: reqwest::Client,
}

impl Client {
    /// A client that trusts whom the machine trusts.
    pub fn new() -> Result<Self, FetchError> {
        // Fails where a provider was chosen before, and that one is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let inner = reqwest::Client::builder()
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| FetchError::of_client("preparing to send requests", error))?;
        Ok(Self { inner })
    }

    /// Sends a request, follows redirects, and returns the answer once it has begun, if it is a success.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        let mut hop = request.hop()?;
        for _ in 0..=LONGEST_CHAIN {
            let doing = hop.shown();
            let mut builder = self.inner.request(hop.method.clone(), hop.url.clone()).headers(hop.headers.clone());
            if let Some((user, password)) = &hop.basic {
                builder = builder.basic_auth(user, Some(password));
            }
            if let Some(body) = &hop.body {
                builder = builder.body(body.clone());
            }
            let response = builder.send().await.map_err(|error| FetchError::of_client(&doing, error))?;
            match redirect::next(&hop, response.status(), response.headers())? {
                Some(next) => hop = next,
                None => return status::checked(response, &doing).await,
            }
        }
        let message = format!("more than {LONGEST_CHAIN} redirects, the last one to {}", hop.url);
        Err(FetchError::new(request.shown(), FetchErrorKind::Redirect, message))
    }

    /// Sends a request whose answer has nothing to say but whether it was a success.
    pub async fn tell(&self, request: &Request) -> Result<(), FetchError> {
        self.send(request).await.map(drop)
    }
}

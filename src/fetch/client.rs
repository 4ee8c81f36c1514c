//! The HTTP client, and how a request is sent and redirected.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::timeout;

use super::error::{FetchError, FetchErrorKind};
use super::options::Options;
use super::redirect;
use super::request::{Hop, Request};
use super::status;
use super::tls::with_certificates;

/// An HTTP client. Its connections are kept while it lives.
pub struct Client {
    inner: reqwest::Client,
    options: Options,
}

impl Client {
    /// A client that trusts whom the machine trusts, and whom the options name.
    pub fn new(options: &Options) -> Result<Self, FetchError> {
        // Fails where a provider was chosen before, and that one is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(options.connect);
        let inner = with_certificates(builder, options)?
            .build()
            .map_err(|error| FetchError::of_client("preparing to send requests", error))?;
        Ok(Self { inner, options: options.clone() })
    }

    /// Sends a request, follows redirects, and returns the answer once it has begun, if it is a success.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        let mut hop = request.hop()?;
        for _ in 0..=self.options.redirects {
            let doing = hop.shown();
            let response = self.answer(&hop, &doing).await?;
            match redirect::next(&hop, response.status(), response.headers())? {
                Some(next) => hop = next,
                None => return status::checked(response, &doing).await,
            }
        }
        let message = format!("more than {} redirects, the last one to {}", self.options.redirects, hop.shown_url());
        Err(FetchError::new(request.shown(), FetchErrorKind::Redirect, message)
            .hinting("raise `redirects`, or use the address that it redirects to"))
    }

    /// Sends a request once and waits until its answer begins.
    async fn answer(&self, hop: &Hop, doing: &str) -> Result<Response, FetchError> {
        let mut builder = self.inner.request(hop.method.clone(), hop.url.clone()).headers(hop.headers.clone());
        if let Some((user, password)) = &hop.basic {
            builder = builder.basic_auth(user, Some(password));
        }
        if let Some(body) = &hop.body {
            builder = builder.body(body.clone());
        }
        match timeout(self.options.first_byte, builder.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() && error.is_timeout() => {
                let message = format!("connecting: no connection within {}", shown(self.options.connect));
                Err(FetchError::new(doing, FetchErrorKind::Unreachable, message)
                    .hinting("check host and port, and that this machine may reach them; or raise `timeouts.connect`"))
            }
            Ok(Err(error)) => Err(FetchError::of_client(doing, error)),
            Err(_) => {
                let message = format!("no answer began within {}", shown(self.options.first_byte));
                Err(FetchError::new(doing, FetchErrorKind::BrokeOff, message)
                    .hinting("raise `timeouts.first_byte` if the server needs longer"))
            }
        }
    }

    /// The next piece of a body; `None` at its end.
    pub(super) async fn chunk(&self, response: &mut Response, doing: &str) -> Result<Option<Bytes>, FetchError> {
        if let Ok(chunk) = timeout(self.options.idle, response.chunk()).await {
            return chunk.map_err(|error| FetchError::of_client(doing, error));
        }
        let message = format!("nothing came for {}", shown(self.options.idle));
        Err(FetchError::new(doing, FetchErrorKind::BrokeOff, message)
            .hinting("raise `timeouts.idle` if the server needs longer between two pieces"))
    }

    /// Sends a request and says what the server answered, in words: its status and the beginning of the body.
    pub async fn say(&self, request: &Request) -> Result<String, FetchError> {
        let response = self.send(request).await?;
        let status = response.status();
        let words = status::words_of(response).await;
        Ok(if words.is_empty() { status.to_string() } else { format!("{status}: {words}") })
    }

    /// Sends a request whose answer has nothing to say but whether it was a success.
    pub async fn tell(&self, request: &Request) -> Result<(), FetchError> {
        self.send(request).await.map(drop)
    }
}

fn shown(length: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(length)
}

//! How a request is sent: not too often, and again if that can help.
//!
//! A try is repeated only where the failure may pass by itself and repeating does no harm: for a POST or PATCH it must be
//! certain that the server has not obeyed. A pause that the server asks for is kept up to a limit; beyond it the attempt
//! of the step ends and its own `retry` takes over.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::render::{Turn, is_signed, render};
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::progress::Progress;
use crate::domain::step::{HttpRequest, HttpSource};
use crate::domain::template::Scope;
use crate::fetch::{Client, FetchError, FetchErrorKind, Options, Request};
use crate::steps::StepContext;

/// Methods that may be repeated without harm (RFC 9110).
const IDEMPOTENT: &[&str] = &["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];

/// Sends the requests of a source.
pub(super) struct Caller<'a> {
    pub(super) client: Client,
    pub(super) source: &'a HttpSource,
    pub(super) context: &'a StepContext,
    /// By how many milliseconds the server's clock is ahead, once it has refused a signature for that.
    ahead_ms: AtomicI64,
}

/// A request as it is written, and what it is rendered with.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) request: &'c HttpRequest,
    pub(super) turn: &'c Turn,
    pub(super) scope: &'c Scope,
}

impl<'c> Call<'c> {
    /// A request that is no page.
    pub(super) const fn plain(request: &'c HttpRequest, scope: &'c Scope) -> Self {
        Self { request, turn: &Turn::AsWritten, scope }
    }
}

impl<'a> Caller<'a> {
    /// Prepares to send requests.
    pub(super) fn new(source: &'a HttpSource, context: &'a StepContext) -> Result<Self, Failure> {
        let client = Client::new(&options(source, context)?).map_err(FetchError::failure)?;
        Ok(Self { client, source, context, ahead_ms: AtomicI64::new(0) })
    }

    /// The request as it would be sent now.
    pub(super) fn rendered(&self, call: Call<'_>) -> Result<Request, Failure> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        render(call.request, call.turn, call.scope, now.saturating_add(self.ahead_ms.load(Ordering::Relaxed)))
    }

    /// The request, once the rate limit lets it through.
    pub(super) async fn admitted(&self, call: Call<'_>) -> Result<Request, Failure> {
        if let Some(limit) = &self.source.rate_limit {
            // A host and a name of the same letters are two things.
            let (kind, name) = match &limit.by {
                Some(name) => ("name", call.scope.text(name)?),
                None => ("host", self.rendered(call)?.host()),
            };
            let waiting = || {
                let per = humantime::format_duration(limit.per);
                let phase = format!("waiting for the rate limit of {name} ({} in {per})", limit.requests);
                self.context.host.progress(Progress::phase(phase));
            };
            let key = format!("{kind} {name}");
            self.context.environment.rate_limits.pass(&key, (limit.requests, limit.per), waiting).await;
        }
        // Only now: the signature must be of the moment at which the request is sent.
        self.rendered(call)
    }

    /// The tries of one request.
    pub(super) const fn tries<'t>(&'t self, call: Call<'t>) -> Tries<'t> {
        Tries { caller: self, call, made: 0, corrected: false }
    }
}

/// The tries of one request.
pub(super) struct Tries<'t> {
    caller: &'t Caller<'t>,
    call: Call<'t>,
    made: u32,
    corrected: bool,
}

impl Tries<'_> {
    /// The request for the next try.
    pub(super) async fn next(&mut self) -> Result<Request, Failure> {
        self.made += 1;
        self.caller.admitted(self.call).await
    }

    /// What follows from a try that failed: after a pause another one, or this failure.
    pub(super) async fn failed(&mut self, error: FetchError) -> Result<(), Failure> {
        let context = self.caller.context;
        if let Some(ahead) = error.server_ahead_s.filter(|_| is_signed(self.call.request) && !self.corrected) {
            self.corrected = true;
            self.made -= 1;
            self.caller.ahead_ms.store(ahead.saturating_mul(1000), Ordering::Relaxed);
            context
                .warn(format!("{error}; signing once more with the server's time, which is {ahead} s ahead of ours"));
            return Ok(());
        }
        let retry = &self.caller.source.retry;
        let may_repeat =
            retry.repeatable || IDEMPOTENT.contains(&self.call.request.method.as_str()) || error.was_not_taken();
        let failure = error.failure();
        let pause = retry.policy().pause(self.made, &failure, rand::random());
        match pause.filter(|pause| may_repeat && *pause <= retry.max_delay) {
            // A step that is being stopped has no time for pauses.
            Some(pause) if !context.stop.is_cancelled() => {
                let left = humantime::format_duration(Duration::from_millis(pause.as_millis().try_into().unwrap_or(0)));
                context.warn(format!("{failure}; try {} of {} in {left}", self.made + 1, retry.attempts));
                context.host.progress(Progress::phase(format!("trying again in {left}")));
                context.unless_stopped(sleep(pause)).await
            }
            _ => Err(told(failure, self.made, may_repeat)),
        }
    }
}

/// The failure, with what was tried.
fn told(mut failure: Failure, made: u32, may_repeat: bool) -> Failure {
    if made > 1 {
        failure.message = format!("{} (after {made} tries)", failure.message);
    }
    if !may_repeat && failure.class == FailureClass::Transient && failure.hint.is_none() {
        failure.hint = Some(
            "the server may have obeyed, so the request was not repeated; `retry_requests: {repeatable: true}` repeats it"
                .to_owned(),
        );
    }
    failure
}

/// How the server is reached: relative paths start at the job file's folder.
fn options(source: &HttpSource, context: &StepContext) -> Result<Options, Failure> {
    let transport = &source.transport;
    let path = |text: &Option<crate::domain::template::Text>| {
        text.as_ref().map(|text| Ok::<_, Failure>(context.base.join(context.scope.text(text)?))).transpose()
    };
    let (certificate, key) = (path(&transport.tls.cert_file)?, path(&transport.tls.key_file)?);
    Ok(Options {
        ca_file: path(&transport.tls.ca_file)?,
        identity: certificate.zip(key),
        redirects: transport.redirects,
        connect: transport.connect,
        first_byte: transport.first_byte,
        idle: transport.idle,
    })
}

/// Whether there is nothing any more to do anything with.
pub(super) const fn is_gone(error: &FetchError) -> bool {
    matches!(error.kind, FetchErrorKind::Status(404 | 410))
}

//! Data from an HTTP server: one request, or the download of a report.

use encoding_rs::{Encoding, UTF_8};

use super::fetch::{Raw, RawFile, not_as_promised};
use super::report;
use crate::domain::failure::Failure;
use crate::domain::progress::Progress;
use crate::domain::step::{HttpAuth, HttpRequest, HttpSource};
use crate::domain::template::Scope;
use crate::fetch::{Auth, Client, Download, FetchError, Request, check_body};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// Fetches the body into the spool.
pub(super) async fn fetch(source: &HttpSource, spool: &Spool, context: &StepContext) -> Result<Raw, Failure> {
    let client = Client::new().map_err(FetchError::failure)?;
    let download = match &source.report {
        None => download(source, &client, &context.scope, spool, context).await?,
        Some(steps) => Box::pin(report::fetch(steps, source, &client, spool, context)).await?,
    };
    let file = RawFile { path: spool.path("body"), charset: charset(&download)?, label: download.doing };
    Ok(Raw {
        files: vec![file],
        format: source.format,
        records: source.records.clone(),
        max_bytes: Some(source.max_bytes),
        bytes: download.bytes,
    })
}

/// Downloads the body and looks whether it can be what was promised.
pub(super) async fn download(
    source: &HttpSource,
    client: &Client,
    scope: &Scope,
    spool: &Spool,
    context: &StepContext,
) -> Result<Download, Failure> {
    let request = rendered(&source.request, scope)?;
    context.info(format!("downloading: {}", request.shown()));
    let progress = |bytes, expected| {
        let phase = Progress::phase("downloading");
        context.host.progress(Progress { bytes: Some(bytes), bytes_expected: expected, ..phase });
    };
    let body = spool.path("body");
    let work = client.download(&request, &body, source.max_bytes, progress);
    let download = context.unless_stopped(work).await?.map_err(FetchError::failure)?;
    check_body(&download, source.format).map_err(FetchError::failure)?;
    Ok(download)
}

/// A request with its texts rendered.
pub(super) fn rendered(request: &HttpRequest, scope: &Scope) -> Result<Request, Failure> {
    let pairs = |pairs: &[(String, crate::domain::template::Text)]| {
        pairs.iter().map(|(name, value)| Ok((name.clone(), scope.text(value)?))).collect::<Result<Vec<_>, Failure>>()
    };
    let auth = match &request.auth {
        Some(HttpAuth::Basic { user, password }) => {
            Some(Auth::Basic { user: scope.text(user)?, password: scope.text(password)? })
        }
        Some(HttpAuth::Bearer(token)) => Some(Auth::Bearer(scope.text(token)?)),
        None => None,
    };
    Ok(Request {
        method: request.method.clone(),
        url: scope.text(&request.url)?,
        headers: pairs(&request.headers)?,
        query: pairs(&request.query)?,
        body: request.body.as_ref().map(|body| scope.text(body)).transpose()?,
        auth,
    })
}

/// The encoding that the server names, where it is not UTF-8.
fn charset(download: &Download) -> Result<Option<&'static Encoding>, Failure> {
    let parameters = download.content_type.as_deref().unwrap_or_default().split(';').skip(1);
    let named = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'));
    let Some(named) = named else { return Ok(None) };
    let encoding = Encoding::for_label(named.as_bytes())
        .ok_or_else(|| not_as_promised(&download.doing, format!("its charset `{named}` is not known")))?;
    Ok((encoding != UTF_8).then_some(encoding))
}

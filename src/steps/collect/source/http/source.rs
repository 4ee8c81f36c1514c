//! What a source of HTTP comes to: files of the spool.

use encoding_rs::{Encoding, UTF_8};

use super::call::Caller;
use super::kept::Kept;
use super::{pages, report};
use crate::domain::charset::charset_named;
use crate::domain::failure::Failure;
use crate::domain::step::HttpSource;
use crate::fetch::Download;
use crate::steps::StepContext;
use crate::steps::collect::source::fetch::{Raw, not_as_promised};
use crate::steps::spool::Spool;

/// Values that every answer must have, by JSON pointer.
pub(super) type Expected = [(String, serde_json::Value)];

/// Fetches all bodies into the spool, but for pages that are `kept` there.
pub(in crate::steps::collect::source) async fn fetch(
    source: &HttpSource,
    (expected, kept): (&Expected, Option<&Kept>),
    spool: &Spool,
    context: &StepContext,
) -> Result<Raw, Failure> {
    let caller = Caller::new(source, context)?;
    match &source.report {
        None => Box::pin(pages::fetch(&caller, &context.scope, (expected, kept), spool)).await,
        Some(steps) => Box::pin(report::fetch(steps, &caller, expected, spool)).await,
    }
}

/// The encoding that the job or the server names, where it is not UTF-8.
pub(super) fn charset(source: &HttpSource, download: &Download) -> Result<Option<&'static Encoding>, Failure> {
    let parameters = download.content_type.as_deref().unwrap_or_default().split(';').skip(1);
    let named = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'));
    let Some(named) = source.charset.as_deref().or(named) else { return Ok(None) };
    let encoding = charset_named(named).ok_or_else(|| {
        not_as_promised(&download.doing, format!("its charset `{named}` is not known"))
            .with_hint("`charset` says what it is, whatever the server calls it")
    })?;
    Ok((encoding != UTF_8).then_some(encoding))
}

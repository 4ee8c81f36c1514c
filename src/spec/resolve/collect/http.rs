use super::request::request;
use crate::domain::step::{BodyFormat, HttpSource};
use crate::spec::problems::At;
use crate::spec::raw::RawHttp;
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn http(&mut self, raw: &RawHttp, at: At<'_>) -> Option<HttpSource> {
        let names = if raw.report.is_some() { &Names::REPORT } else { &Names::REQUEST };
        let request = self.request(&request!(raw, "GET"), at, names);
        let format = raw.format.unwrap_or(BodyFormat::Json);
        self.streamed(format, at);
        self.records(raw.records.as_ref(), Some(format), at);
        let auth = request.as_ref().and_then(|request| request.auth.clone());
        // What is there must be right, else there is no source; the outer `None` is one of those that are wrong.
        let report = raw.report.as_ref().map(|raw| self.report(raw, at.key("report"), auth.as_ref()));
        let paginate = raw.paginate.as_ref().map(|pages| self.paginate(pages, raw, at.key("paginate")));
        let rate_limit = raw.rate_limit.as_ref().map(|raw| self.rate_limit(raw, at.key("rate_limit")));
        let retry = raw.retry_requests.as_ref().map(|raw| self.retry_requests(raw, at.key("retry_requests")));
        let transport = self.transport(raw, at);
        let max_bytes = self.max_bytes(raw.max_bytes, at);
        Some(HttpSource {
            request: request?,
            format,
            records: raw.records.clone(),
            charset: self.charset(raw.charset.as_ref(), at),
            max_bytes,
            paginate: transposed(paginate)?,
            report: transposed(report)?,
            rate_limit: transposed(rate_limit)?,
            retry: retry.unwrap_or_default(),
            transport,
        })
    }
}

/// `None` for what was given and is wrong.
#[expect(clippy::option_option, reason = "given or not, and right or wrong")]
fn transposed<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        Some(None) => None,
        Some(right) => Some(right),
        None => Some(None),
    }
}

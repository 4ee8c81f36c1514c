use super::request::request;
use crate::domain::step::{BodyFormat, HttpSource};
use crate::spec::problems::At;
use crate::spec::raw::RawHttp;
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn http(&mut self, raw: &RawHttp, at: At<'_>) -> Option<HttpSource> {
        self.refuse(raw.paginate.as_ref(), at, "paginate");
        self.refuse(raw.rate_limit.as_ref(), at, "rate_limit");
        let names = if raw.report.is_some() { &Names::REPORT } else { &Names::STEP };
        let request = self.request(&request!(raw, "GET"), at, names);
        let format = raw.format.unwrap_or(BodyFormat::Json);
        self.streamed(format, at);
        self.records(raw.records.as_ref(), Some(format), at);
        let auth = request.as_ref().and_then(|request| request.auth.clone());
        let report = raw.report.as_ref().map(|raw| self.report(raw, at.key("report"), auth.as_ref()));
        let report = match report {
            Some(None) => return None,
            Some(report) => report,
            None => None,
        };
        let max_bytes = self.max_bytes(raw.max_bytes, at);
        Some(HttpSource { request: request?, format, records: raw.records.clone(), max_bytes, report })
    }
}

use std::time::Duration;

use super::request::request;
use crate::domain::step::{HttpAuth, HttpRequest, Poll, Report};
use crate::spec::problems::At;
use crate::spec::raw::{RawPoll, RawReport, RawRequest};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

/// Pause between two looks at a report, if the file says nothing else.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// Longest wait for a report, if the file says nothing else.
const POLL_TIMEOUT: Duration = Duration::from_mins(30);

impl Resolver<'_, '_> {
    pub(super) fn report(&mut self, raw: &RawReport, at: At<'_>, auth: Option<&HttpAuth>) -> Option<Report> {
        let with_auth = |mut request: HttpRequest| {
            request.auth = request.auth.or_else(|| auth.cloned());
            request
        };
        let create = raw.create.as_ref().and_then(|raw| self.plain(raw, "POST", at.key("create"), &Names::REQUEST));
        let poll = raw.poll.as_ref().and_then(|raw| self.poll(raw, at.key("poll")));
        let delete = raw.delete.as_ref().map(|raw| self.plain(raw, "DELETE", at.key("delete"), &Names::REPORT));
        let poll = poll.map(|poll| Poll { request: with_auth(poll.request.clone()), ..poll });
        let delete = match delete {
            Some(delete) => Some(with_auth(delete?)),
            None => None,
        };
        Some(Report { create: with_auth(create?), poll: poll?, delete })
    }

    fn plain(&mut self, raw: &RawRequest, method: &'static str, at: At<'_>, names: &Names) -> Option<HttpRequest> {
        let mut request = request!(raw, "GET");
        request.default_method = method;
        self.request(&request, at, names)
    }

    fn poll(&mut self, raw: &RawPoll, at: At<'_>) -> Option<Poll> {
        let request = self.request(&request!(raw, "GET"), at, &Names::REPORT);
        let every = self.positive(raw.every.as_ref(), at, "every").unwrap_or(POLL_EVERY);
        let timeout = self.positive(raw.timeout.as_ref(), at, "timeout").unwrap_or(POLL_TIMEOUT);
        let failed_if = self.condition(raw.failed_if.as_ref(), at, "failed_if", &Names::POLL);
        let until = self.condition(raw.until.as_ref(), at, "until", &Names::POLL)?;
        Some(Poll { request: request?, until, failed_if, every, timeout })
    }
}

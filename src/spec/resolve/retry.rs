use std::time::Duration;

use crate::domain::failure::FailureClass;
use crate::domain::retry::RetryPolicy;
use crate::spec::problems::At;
use crate::spec::raw::{Length, RawRetry};

use super::resolver::Resolver;

/// Most attempts. More means that something should be mended instead.
const MOST_ATTEMPTS: u32 = 1000;

impl Resolver<'_, '_> {
    /// A retry policy: each key from the step, else from the job, else its default. Values of the job are complained
    /// about once, when the job itself is resolved (`inherited` is `None` then).
    pub(super) fn retry(
        &mut self,
        own: &RawRetry,
        inherited: Option<(&RawRetry, At<'_>)>,
        at: At<'_>,
        step: Option<&str>,
    ) -> RetryPolicy {
        let default = RetryPolicy::default();
        let empty = RawRetry::default();
        let job = inherited.map_or(&empty, |(job, _)| job);
        self.own_retry(own, at);
        let length = |own: &Option<Length>, job: &Option<Length>| {
            own.as_ref().or(job.as_ref()).and_then(|length| crate::spec::duration::parse(&length.0).ok())
        };
        let delay = length(&own.delay, &job.delay).unwrap_or(default.delay);
        let given_limit = length(&own.max_delay, &job.max_delay);
        // Said where one of the two stands; the job's own pair is complained about once, not per step.
        let decided_here = own.delay.is_some() || own.max_delay.is_some();
        if let Some(limit) = given_limit.filter(|limit| *limit < delay && decided_here) {
            let key = if own.max_delay.is_some() { "max_delay" } else { "delay" };
            let of = step.map_or_else(String::new, |id| format!(" of step `{id}`"));
            let (limit, delay) = (humantime::format_duration(limit), humantime::format_duration(delay));
            self.wrong(at.key(key), format!("`max_delay`{of} ({limit}) is less than `delay` ({delay})"), "");
        }
        RetryPolicy {
            attempts: own.attempts.or(job.attempts).unwrap_or(default.attempts),
            delay,
            backoff: own.backoff.or(job.backoff).unwrap_or(default.backoff),
            max_delay: given_limit.unwrap_or_else(|| default.max_delay.max(delay)),
            jitter: own.jitter.or(job.jitter).unwrap_or(default.jitter),
            on: own.on.clone().or_else(|| job.on.clone()).unwrap_or(default.on),
        }
    }

    /// Complains about values that are wrong by themselves.
    fn own_retry(&mut self, own: &RawRetry, at: At<'_>) {
        if own.attempts.is_some_and(|attempts| !(1..=MOST_ATTEMPTS).contains(&attempts)) {
            let hint = "the first attempt counts: `1` means that a failure is not tried again";
            self.wrong(at.key("attempts"), format!("`attempts` must be from 1 to {MOST_ATTEMPTS}"), hint);
        }
        self.duration(own.delay.as_ref(), at, "delay");
        let limit = self.duration(own.max_delay.as_ref(), at, "max_delay");
        if limit == Some(Duration::ZERO) && own.delay.is_none() {
            self.wrong(at.key("max_delay"), "`max_delay` must be longer than nothing", "");
        }
        if own.jitter.is_some_and(|jitter| !(0.0..=1.0).contains(&jitter)) {
            self.wrong(
                at.key("jitter"),
                "`jitter` must be from 0 to 1",
                "it is a share of the pause: `0.1` is a tenth",
            );
        }
        for (index, class) in own.on.iter().flatten().enumerate() {
            if matches!(class, FailureClass::Cancelled | FailureClass::Bug) {
                let hint = "possible here: transient, timeout, expectation, permanent";
                let message = format!("a failure of class `{}` is never tried again", class.label());
                self.wrong(at.key("on").item(index), message, hint);
            }
        }
    }
}

use crate::domain::step::{RateLimit, RequestRetry, TlsFiles, Transport};
use crate::spec::problems::At;
use crate::spec::raw::{RawHttp, RawRateLimit, RawRequestRetry, RawTls};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

/// Most redirects: a longer chain is a circle.
const MOST_REDIRECTS: u32 = 50;

/// Most tries of one request. A server that needs more should get a pause, which is what the step's `retry` is for.
const MOST_TRIES: u32 = 100;

impl Resolver<'_, '_> {
    pub(super) fn transport(&mut self, raw: &RawHttp, at: At<'_>) -> Transport {
        let default = Transport::default();
        if raw.redirects.is_some_and(|count| count > MOST_REDIRECTS) {
            self.wrong(at.key("redirects"), format!("`redirects` must be at most {MOST_REDIRECTS}"), "");
        }
        let below = at.key("timeouts");
        let given = raw.timeouts.as_ref();
        let mut limit = |length, key| self.positive(length, below, key);
        let connect = limit(given.and_then(|given| given.connect.as_ref()), "connect");
        let first_byte = limit(given.and_then(|given| given.first_byte.as_ref()), "first_byte");
        let idle = limit(given.and_then(|given| given.idle.as_ref()), "idle");
        Transport {
            tls: raw.tls.as_ref().map(|raw| self.tls(raw, at.key("tls"))).unwrap_or_default(),
            redirects: raw.redirects.unwrap_or(default.redirects),
            connect: connect.unwrap_or(default.connect),
            first_byte: first_byte.unwrap_or(default.first_byte),
            idle: idle.unwrap_or(default.idle),
        }
    }

    fn tls(&mut self, raw: &RawTls, at: At<'_>) -> TlsFiles {
        for (one, other, key, missing) in [
            (&raw.cert_file, &raw.key_file, "cert_file", "key_file"),
            (&raw.key_file, &raw.cert_file, "key_file", "cert_file"),
        ] {
            if one.is_some() && other.is_none() && !self.problems.is_pruned(at) {
                let hint = "a certificate of ours comes with its key; both may be one file";
                self.wrong_span(at.key(key).key_span(), format!("`{key}` needs `{missing}`"), hint);
            }
        }
        let mut file =
            |path: &Option<String>, key| path.as_ref().map(|path| self.text(path, at.key(key), &Names::STEP));
        TlsFiles {
            ca_file: file(&raw.ca_file, "ca_file"),
            cert_file: file(&raw.cert_file, "cert_file"),
            key_file: file(&raw.key_file, "key_file"),
        }
    }

    pub(super) fn rate_limit(&mut self, raw: &RawRateLimit, at: At<'_>) -> Option<RateLimit> {
        let per = self.positive(raw.per.as_ref(), at, "per").unwrap_or(std::time::Duration::from_secs(1));
        let by = raw.by.as_ref().filter(|by| *by != "host").map(|by| self.text(by, at.key("by"), &Names::STEP));
        Some(RateLimit { requests: raw.requests?, per, by })
    }

    pub(super) fn retry_requests(&mut self, raw: &RawRequestRetry, at: At<'_>) -> RequestRetry {
        let default = RequestRetry::default();
        let attempts = raw.attempts.unwrap_or(default.attempts);
        if !(1..=MOST_TRIES).contains(&attempts) {
            self.wrong(at.key("attempts"), format!("`attempts` must be from 1 to {MOST_TRIES}"), "");
        }
        let delay = self.duration(raw.delay.as_ref(), at, "delay").unwrap_or(default.delay);
        let max_delay = self.duration(raw.max_delay.as_ref(), at, "max_delay");
        let max_delay = max_delay.unwrap_or_else(|| default.max_delay.max(delay));
        if max_delay < delay {
            let (limit, delay) = (humantime::format_duration(max_delay), humantime::format_duration(delay));
            self.wrong(at.key("max_delay"), format!("`max_delay` ({limit}) is less than `delay` ({delay})"), "");
        }
        RequestRetry { attempts, delay, max_delay, repeatable: raw.repeatable.unwrap_or(default.repeatable) }
    }
}

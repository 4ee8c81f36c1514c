//! How a reader wants to see pages: the zone of times, light or dark; and the moment at which they are made.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use chrono::{DateTime, Utc};
use cookie::Cookie;

use super::flash::{self, Flash};
use crate::api::clock::now;

/// The zone in which times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// The reader's. Only the browser knows it: the server writes UTC, the script rewrites it.
    Local,
    /// UTC.
    Utc,
    /// The zone of the job that a time belongs to.
    Job,
}

impl Zone {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Local, Self::Utc, Self::Job];

    /// The word in a cookie or form.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Utc => "utc",
            Self::Job => "job",
        }
    }

    /// The same for people.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Local => "local time",
            Self::Utc => "UTC",
            Self::Job => "the job's zone",
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the reader's system is.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in a cookie or form.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Name of the cookie that keeps the zone.
pub(super) const ZONE: &str = "windlass_zone";

/// Name of the cookie that keeps light or dark.
pub(super) const THEME: &str = "windlass_theme";

/// How a page is to be made. An argument of each handler and of whatever makes markup.
#[derive(Clone, Debug)]
pub(in crate::api) struct View {
    /// The zone of times.
    pub(super) zone: Zone,
    /// Light or dark.
    pub(super) theme: Theme,
    /// When it is made.
    pub(super) now: DateTime<Utc>,
    /// The page's own address, with its query: where a form that changes nothing but the view leads back to.
    pub(super) here: String,
    /// What the act before this page has to say.
    pub(super) flash: Option<Flash>,
    /// For a stream: what depends on the time alone is left to the browser, so that nothing is sent because of it.
    pub(super) streamed: bool,
}

impl View {
    /// The view of a request.
    pub(super) fn of(method: &Method, uri: &axum::http::Uri, headers: &HeaderMap) -> Self {
        let wanted = |name: &str| cookie(headers, name);
        let zone = wanted(ZONE).and_then(|word| Zone::ALL.into_iter().find(|zone| zone.label() == word));
        let theme = wanted(THEME).and_then(|word| Theme::ALL.into_iter().find(|theme| theme.label() == word));
        // A page that answers a POST has no address of its own.
        let here = if method == Method::GET { uri.path_and_query().map(ToString::to_string) } else { None };
        Self {
            zone: zone.unwrap_or(Zone::Local),
            theme: theme.unwrap_or(Theme::System),
            now: now(),
            here: here.unwrap_or_else(|| "/".to_owned()),
            flash: wanted(flash::COOKIE).and_then(|text| Flash::read(&text)),
            streamed: false,
        }
    }

    /// The same a moment later, for a stream.
    pub(super) fn later(&self) -> Self {
        Self { now: now(), streamed: true, ..self.clone() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.method, &parts.uri, &parts.headers))
    }
}

/// The value of a cookie.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(Cookie::split_parse)
        .flatten()
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_what_the_cookies_say_and_what_they_say_wrongly_is_ignored() {
        let view = |cookies: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, cookies.parse().unwrap())]);
            let view = View::of(&Method::GET, &"/jobs/x?a=b".parse().unwrap(), &headers);
            (view.zone, view.theme, view.here)
        };
        let here = "/jobs/x?a=b".to_owned();
        assert_eq!(view("windlass_zone=job; other=1; windlass_theme=dark"), (Zone::Job, Theme::Dark, here.clone()));
        assert_eq!(view("windlass_zone=mars; windlass_theme"), (Zone::Local, Theme::System, here));
    }
}

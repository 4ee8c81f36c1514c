use crate::domain::step::{HttpAuth, HttpRequest};
use crate::spec::problems::At;
use crate::spec::raw::{Pairs, RawAuth, Scalar};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

/// Methods of HTTP that fetch or make something.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A request as four raw structs have it.
pub(super) struct Request<'r> {
    pub(super) url: Option<&'r String>,
    pub(super) method: Option<&'r String>,
    pub(super) headers: Option<&'r Pairs<Scalar>>,
    pub(super) query: Option<&'r Pairs<Scalar>>,
    pub(super) body: Option<&'r String>,
    pub(super) auth: Option<&'r RawAuth>,
    pub(super) default_method: &'static str,
}

macro_rules! request {
    ($raw:expr, $method:literal) => {
        super::request::Request {
            url: $raw.url.as_ref(),
            method: $raw.method.as_ref(),
            headers: $raw.headers.as_ref(),
            query: $raw.query.as_ref(),
            body: $raw.body.as_ref(),
            auth: $raw.auth.as_ref(),
            default_method: $method,
        }
    };
}
pub(super) use request;

impl Resolver<'_, '_> {
    pub(super) fn request(&mut self, raw: &Request<'_>, at: At<'_>, names: &Names) -> Option<HttpRequest> {
        let method = raw.method.map_or_else(|| raw.default_method.to_owned(), |method| method.to_uppercase());
        if !METHODS.contains(&method.as_str()) {
            let hint = format!("possible here: {}", METHODS.join(", "));
            self.wrong(at.key("method"), format!("unknown method `{method}`"), &hint);
        }
        let headers = self.pairs(raw.headers, at, "headers", names);
        let query = self.pairs(raw.query, at, "query", names);
        let body = raw.body.map(|body| self.text(body, at.key("body"), names));
        let auth = raw.auth.and_then(|auth| self.auth(auth, at.key("auth"), names));
        let url = raw.url?;
        if !url.starts_with("http://") && !url.starts_with("https://") && !url.trim_start().starts_with("{{") {
            self.wrong(at.key("url"), format!("`{url}` is not an address"), "it starts with `https://` or `http://`");
        }
        let url = self.text(url, at.key("url"), names);
        Some(HttpRequest { method, url, headers, query, body, auth })
    }

    pub(super) fn auth(&mut self, raw: &RawAuth, at: At<'_>, names: &Names) -> Option<HttpAuth> {
        match self.one_of(at, &[("basic", raw.basic.is_some()), ("bearer", raw.bearer.is_some())])? {
            "basic" => {
                let basic = raw.basic.as_ref()?;
                let at = at.key("basic");
                let user = basic.user.as_ref().map(|user| self.text(user, at.key("user"), names));
                let password = basic.password.as_ref().map(|password| self.text(password, at.key("password"), names));
                Some(HttpAuth::Basic { user: user?, password: password? })
            }
            _ => Some(HttpAuth::Bearer(self.text(raw.bearer.as_ref()?, at.key("bearer"), names))),
        }
    }
}

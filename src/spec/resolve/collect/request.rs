use crate::domain::step::HttpRequest;
use crate::domain::template::Text;
use crate::spec::problems::At;
use crate::spec::raw::{Anything, Pairs, RawAuth, Scalar};
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
    pub(super) json: Option<&'r Anything>,
    pub(super) form: Option<&'r Pairs<Scalar>>,
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
            json: $raw.json.as_ref(),
            form: $raw.form.as_ref(),
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
        let bodies = [("body", raw.body.is_some()), ("json", raw.json.is_some()), ("form", raw.form.is_some())];
        if bodies.iter().any(|(_, there)| *there) {
            self.one_of(at, &bodies);
        }
        let headers = self.pairs(raw.headers, at, "headers", names);
        let query = self.pairs(raw.query, at, "query", names);
        let body = raw.body.map(|body| self.text(body, at.key("body"), names));
        let json = raw.json.map(|json| {
            self.templates_in(&json.0, at.key("json"), names);
            json.0.clone()
        });
        let form: Option<Vec<(String, Text)>> = raw.form.map(|form| self.pairs(Some(form), at, "form", names));
        let auth = raw.auth.and_then(|auth| self.auth(auth, at.key("auth"), names));
        let url = raw.url?;
        if !url.starts_with("http://") && !url.starts_with("https://") && !url.trim_start().starts_with("{{") {
            self.wrong(at.key("url"), format!("`{url}` is not an address"), "it starts with `https://` or `http://`");
        }
        let url = self.text(url, at.key("url"), names);
        Some(HttpRequest { method, url, headers, query, body, json, form, auth })
    }

    /// Checks each text of a JSON value as a template.
    fn templates_in(&mut self, value: &serde_json::Value, at: At<'_>, names: &Names) {
        match value {
            serde_json::Value::String(text) => self.template(text, at, names),
            serde_json::Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.templates_in(item, at.item(index), names);
                }
            }
            serde_json::Value::Object(fields) => {
                for (index, (_, field)) in fields.iter().enumerate() {
                    self.templates_in(field, at.nth(index), names);
                }
            }
            _ => {}
        }
    }

    /// An expression that is a value by itself: without the braces of a template.
    pub(super) fn condition(
        &mut self,
        given: Option<&String>,
        parent: At<'_>,
        key: &str,
        names: &Names,
    ) -> Option<String> {
        let text = given?;
        if text.contains("{{") {
            let hint = format!("`{key}` is an expression already: `poll.status == 'BUILT'`");
            self.wrong(parent.key(key), format!("`{key}` must not hold `{{{{`"), &hint);
        } else {
            self.expression(text, parent.key(key), names);
        }
        Some(text.clone())
    }
}

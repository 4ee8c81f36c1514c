//! A request, rendered and checked before anything is sent.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::error::{FetchError, FetchErrorKind};

/// One HTTP request, every text rendered.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The address, `http` or `https`.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Query parameters, added to those of the address.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// What the body is called, unless a header says so.
    pub content_type: Option<&'static str>,
    /// Who we are.
    pub auth: Option<Auth>,
}

/// How a request says who we are.
#[derive(Clone)]
pub enum Auth {
    /// `Authorization: Basic`.
    Basic {
        /// User.
        user: String,
        /// Password.
        password: String,
    },
    /// `Authorization: Bearer`.
    Bearer(String),
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}

/// What is sent to one server: a request, or one that a redirect made of it.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) basic: Option<(String, String)>,
    pub(super) body: Option<String>,
}

impl Request {
    /// How errors and logs name it, whether or not it can be sent.
    pub fn shown(&self) -> String {
        match Url::parse(&self.url) {
            Ok(url) => format!("{} {}", self.method, shown(&url)),
            Err(_) => format!("{} {}", self.method, self.url),
        }
    }

    /// Path and query as they are sent: what signatures are made of.
    pub fn target(&self) -> Result<(String, String), FetchError> {
        let url = self.hop()?.url;
        Ok((url.path().to_owned(), url.query().unwrap_or_default().to_owned()))
    }

    /// Host and port, where the address can be read.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
        host.map_or_else(String::new, |(host, port)| format!("{host}:{port}"))
    }

    /// Sets a query parameter, in place of what the request had by that name.
    pub fn set_query(&mut self, name: &str, value: String) {
        self.query.retain(|(known, _)| known != name);
        if let Ok(mut url) = Url::parse(&self.url)
            && url.query_pairs().any(|(known, _)| known == name)
        {
            let others: Vec<(String, String)> =
                url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
            url.set_query(None);
            if !others.is_empty() {
                url.query_pairs_mut().extend_pairs(others);
            }
            self.url = url.into();
        }
        self.query.push((name.to_owned(), value));
    }

    /// Makes a form of pairs the body.
    pub fn set_form(&mut self, pairs: &[(String, String)]) {
        self.body = Some(form_urlencoded(pairs));
        self.content_type = Some("application/x-www-form-urlencoded");
    }

    /// The request as it is sent first.
    pub(super) fn hop(&self) -> Result<Hop, FetchError> {
        let wrong = |what: String| FetchError::new(self.shown(), FetchErrorKind::Request, what);
        let mut url = Url::parse(&self.url).map_err(|error| wrong(format!("the address can't be read: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!("`{}` is not http or https", url.scheme())));
        }
        let mut basic = None;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| wrong(format!("`{}` is not an HTTP method", self.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| wrong(format!("`{name}` is not the name of a header")))?;
            headers.append(key, header(value).ok_or_else(|| wrong(format!("header `{name}`: {NOT_A_VALUE}")))?);
        }
        match &self.auth {
            Some(Auth::Basic { user, password }) => basic = Some((user.clone(), password.clone())),
            Some(Auth::Bearer(token)) => {
                let value = header(&format!("Bearer {}", token.trim()));
                headers.insert(AUTHORIZATION, value.ok_or_else(|| wrong(format!("the bearer token: {NOT_A_VALUE}")))?);
            }
            None => {}
        }
        // Most servers refuse a JSON body that is not called one.
        let looks_like_json = self.body.as_deref().is_some_and(|body| body.trim_start().starts_with(['{', '[']));
        let called = self.content_type.or_else(|| looks_like_json.then_some("application/json"));
        if let Some(called) = called.filter(|_| !headers.contains_key(CONTENT_TYPE)) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(called));
        }
        Ok(Hop { method, url, headers, basic, body: self.body.clone() })
    }
}

impl Hop {
    /// How errors and logs name it.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.shown_url())
    }

    /// Its address as it may be shown.
    pub(super) fn shown_url(&self) -> String {
        shown(&self.url)
    }
}

/// Pairs as a form has them, which is how a query has them.
fn form_urlencoded(pairs: &[(String, String)]) -> String {
    let Ok(mut url) = Url::parse("http://form/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

const NOT_A_VALUE: &str = "line breaks and control characters can't be in it";

fn header(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An address as it may be shown: without user and password. They go on being sent: the client makes a header of them.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that can't have a user.
    url.set_username("").ok();
    url.set_password(None).ok();
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_of_an_address_are_sent_but_not_shown() {
        let request = Request {
            method: "GET".into(),
            url: "https://me:p%40ss+w%26@h:8443/a?b=1".into(),
            query: vec![("날짜".into(), "2026 11&20".into())],
            ..Request::default()
        };
        assert_eq!(request.shown(), "GET https://h:8443/a?b=1");
        let hop = request.hop().unwrap();
        assert_eq!(hop.shown(), "GET https://h:8443/a?b=1&%EB%82%A0%EC%A7%9C=2026+11%2620");
    }

    #[test]
    fn a_query_parameter_is_set_once_and_a_form_is_encoded() {
        let url = "https://h/a?page=1&b=%26".to_owned();
        let mut request =
            Request { method: "GET".into(), url, query: vec![("page".into(), "1".into())], ..Request::default() };
        request.set_query("page", "2".into());
        assert_eq!(request.shown(), "GET https://h/a?b=%26");
        assert_eq!(request.target().unwrap(), ("/a".to_owned(), "b=%26&page=2".to_owned()));
        assert_eq!(request.host(), "h:443");
        request.set_form(&[("이름".into(), "a&b c".into())]);
        assert_eq!(request.body.as_deref(), Some("%EC%9D%B4%EB%A6%84=a%26b+c"));
        assert_eq!(request.hop().unwrap().headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
    }

    #[test]
    fn what_cannot_be_sent_is_told_before_it_is() {
        let bad = |change: fn(&mut Request)| {
            let mut request = Request { method: "GET".into(), url: "http://h/".into(), ..Request::default() };
            change(&mut request);
            request.hop().unwrap_err().message
        };
        assert!(bad(|request| request.url = "no address".into()).contains("can't be read"));
        assert!(bad(|request| request.url = "file:///etc/passwd".into()).contains("not http"));
        assert!(bad(|request| request.method = "GE T".into()).contains("method"));
        assert!(bad(|request| request.headers = vec![("a b".into(), "x".into())]).contains("name of a header"));
        assert!(bad(|request| request.headers = vec![("a".into(), "x\r\nb: c".into())]).contains("line breaks"));
        assert!(bad(|request| request.auth = Some(Auth::Bearer("x\ny".into()))).contains("bearer token"));
    }
}

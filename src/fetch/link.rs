//! Where the next page is: the `Link` header (RFC 8288), and addresses that an answer names.

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

use super::error::{FetchError, FetchErrorKind};
use super::redirect::same_origin;
use super::request::Request;

/// The target of the first link with `rel="next"`, as the server wrote it.
pub(super) fn next(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).iter();
    values.into_iter().find_map(|value| next_of(&String::from_utf8_lossy(value.as_bytes())))
}

fn next_of(value: &str) -> Option<String> {
    let mut rest = value;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let (parameters, others) = until_comma(after);
        let is_next = |(name, value): (&str, &str)| {
            let relations = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        };
        if parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(is_next) {
            return Some(target.trim().to_owned());
        }
        rest = others;
    }
}

/// Cuts after the parameters of a link: at the first comma that is not in quotes.
fn until_comma(text: &str) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

impl Request {
    /// The same request to an address that an answer from `from` names. Only on the same host: the headers go along,
    /// and any of them may hold a secret.
    pub fn following(&self, from: &str, target: &str) -> Result<Self, FetchError> {
        let wrong = |what: String| FetchError::new(self.shown(), FetchErrorKind::Redirect, what);
        let parsed =
            |address: &str| Url::parse(address).map_err(|error| wrong(format!("the address can't be read: {error}")));
        let (here, own) = (parsed(from)?, parsed(&self.url)?);
        let joined = here.join(target);
        let mut there = joined.map_err(|error| wrong(format!("the next page's address can't be read: {error}")))?;
        let downgraded = own.scheme() == "https" && there.scheme() != "https";
        if downgraded || !same_origin(&own, &there) || !matches!(there.scheme(), "http" | "https") {
            let (there, own) = (there.origin().ascii_serialization(), own.origin().ascii_serialization());
            let hint = "our headers and credentials are not sent there; if the server names itself wrongly, page by `page`, \
                        `offset` or a cursor's `param`";
            return Err(
                wrong(format!("the next page is said to be at {there}, another place than {own}")).hinting(hint)
            );
        }
        // Both fail only for addresses that can't have a user.
        there.set_username(own.username()).ok();
        there.set_password(own.password()).ok();
        Ok(Self { url: there.into(), query: Vec::new(), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let next = |value: &str| next_of(value);
        let github =
            r#"<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next", <https://h/a?page=9>; rel="last""#;
        assert_eq!(next(github).as_deref(), Some("https://h/a?page=3"));
        assert_eq!(next("</b,c>;title=\"a, <x>; rel=next\"; REL=next").as_deref(), Some("/b,c"));
        assert_eq!(next("<?after=1>; rel=\"last Next\"").as_deref(), Some("?after=1"));
        assert_eq!(next("<a>; rel=prev, <b>; rel=nextish"), None);
        assert_eq!(next("no link"), None);
        assert_eq!(next("<cut; rel=next"), None);
    }

    #[test]
    fn another_host_is_not_followed() {
        let request = Request {
            method: "GET".into(),
            url: "https://h/a?x=1".into(),
            query: vec![("page".into(), "1".into())],
            ..Request::default()
        };
        let follow = |target: &str| request.following("https://h/a?x=1&page=1", target);
        assert_eq!(follow("?page=2").unwrap().url, "https://h/a?page=2");
        assert!(follow("/b").unwrap().query.is_empty());
        assert!(request.following("https://elsewhere/a", "?page=2").is_err());
        for target in ["https://other/a", "http://h/a", "https://h:444/a", "file:///a", "//other/a"] {
            assert!(follow(target).unwrap_err().message.contains("another place"), "{target}");
        }
    }
}

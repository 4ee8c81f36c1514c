//! What an act has to say, on the page that it leads to. Kept in a cookie for that one page: an address would carry it
//! along when it is passed on, and could be made by anybody.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Name of the cookie.
pub(super) const COOKIE: &str = "windlass_said";

/// Longest text that is kept; browsers drop cookies beyond 4 kB, and a character may need nine bytes.
const LONGEST: usize = 400;

/// A sentence about what was done, or why it wasn't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flash {
    /// What was done, or why not.
    pub(super) text: String,
    /// It wasn't.
    pub(super) refused: bool,
}

impl Flash {
    /// Reads a cookie.
    pub(super) fn read(cookie: &str) -> Option<Self> {
        let text = percent_decode_str(cookie).decode_utf8().ok()?;
        let (kind, text) = text.split_at_checked(1)?;
        (!text.is_empty()).then(|| Self { text: text.to_owned(), refused: kind == "-" })
    }
}

/// After an act: on to a page that says what was done.
pub(super) fn done(to: &str, said: &str) -> Response {
    onward(to, '+', said)
}

/// After an act that wasn't done: on to a page that says why.
pub(super) fn refused(to: &str, said: &str) -> Response {
    onward(to, '-', said)
}

fn onward(to: &str, kind: char, said: &str) -> Response {
    let text: String = std::iter::once(kind).chain(said.chars().take(LONGEST)).collect();
    let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
    let cookie = format!("{COOKIE}={text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, &cookie)]).into_response()
}

/// Takes the cookie back once a page has shown what it says.
pub(super) async fn forget(request: Request, next: Next) -> Response {
    let cookies = request.headers().get_all(header::COOKIE);
    let said = cookies.iter().any(|value| value.to_str().is_ok_and(|value| value.contains(COOKIE)));
    let mut response = next.run(request).await;
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if said && is_page {
        const GONE: HeaderValue = HeaderValue::from_static("windlass_said=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, GONE);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_survives_the_cookie_in_any_language() {
        let response = refused("/jobs/x", "실행: no such job; 100 %");
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let value = cookie.split_once('=').unwrap().1.split_once(';').unwrap().0;
        assert_eq!(Flash::read(value), Some(Flash { text: "실행: no such job; 100 %".to_owned(), refused: true }));
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(done("/", &"실".repeat(5000)).headers()[header::SET_COOKIE].len() < 4000);
        assert_eq!(Flash::read(""), None);
    }
}

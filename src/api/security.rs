//! Who may read, and what a browser is told not to do with an answer.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The bearer token that readers must show. Kept as a digest: it can't be printed, and digests have one length.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of a file or variable; line breaks at its end don't count. `None` if nothing is left of it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', '\n']);
        (!text.is_empty()).then(|| Self(Sha256::digest(text).into()))
    }

    /// Whether this is the token. Takes the same time wherever the two differ.
    fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(&<[u8; 32]>::from(Sha256::digest(shown))).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Whether a request with these headers may read.
pub(super) fn admits(token: Option<&Token>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    match shown.split_at_checked("bearer ".len()) {
        Some((scheme, shown)) => scheme.eq_ignore_ascii_case(b"bearer ") && token.is(shown.trim_ascii()),
        None => false,
    }
}

/// The answer to whoever may not.
pub(super) fn refusal() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge, "a token is needed: send `Authorization: Bearer …`\n").into_response()
}

/// Headers of every answer, where it doesn't say otherwise: script and style of our own only and none within a page, no
/// frame, no guessing of types, no copy kept.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(token: Option<&str>, authorization: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        }
        admits(token.and_then(Token::new).as_ref(), &headers)
    }

    #[test]
    fn only_the_token_opens_and_without_one_all_may_read() {
        assert!(admitted(None, None));
        assert!(admitted(Some("s3cret\n"), Some("Bearer s3cret")));
        assert!(admitted(Some("s3cret"), Some("bearer s3cret")));
        for wrong in ["Bearer s3cre", "Bearer s3crett", "Bearer ", "Basic s3cret", "s3cret", ""] {
            assert!(!admitted(Some("s3cret"), Some(wrong)), "{wrong}");
        }
        assert!(!admitted(Some("s3cret"), None));
    }

    #[test]
    fn an_empty_token_file_is_no_token_and_a_token_is_never_printed() {
        assert!(Token::new("\n").is_none());
        assert_eq!(format!("{:?}", Token::new("s3cret")), "Some(Token(***))");
    }
}

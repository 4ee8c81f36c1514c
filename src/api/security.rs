//! Tokens, and what a browser is told not to do with an answer.

use std::fmt;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A token that somebody must show. Kept as a digest: it can't be printed, and digests have one length.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of a file or variable; line breaks at its end don't count. `None` if nothing is left of it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', '\n']);
        (!text.is_empty()).then(|| Self(Sha256::digest(text).into()))
    }

    /// Whether this is the token. Takes the same time wherever the two differ.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(&<[u8; 32]>::from(Sha256::digest(shown))).into()
    }

    /// Its digest, which seals sessions.
    pub(super) const fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// What pages may load: what this server has, and nothing that stands within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers of every answer: own scripts and styles only, no frame, no guessing of types, no copy kept unless the answer
/// says so. A page of this server is told from where a request came, others are not: without that, a form sent over plain
/// HTTP would look as if it came from elsewhere.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = Token::new("s3cret\n").unwrap();
        assert!(token.is(b"s3cret"));
        for wrong in ["s3cre", "s3crett", "", "S3CRET", "s3cret\n"] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn an_empty_token_file_is_no_token_and_a_token_is_never_printed() {
        assert!(Token::new("\n").is_none());
        assert_eq!(format!("{:?}", Token::new("s3cret")), "Some(Token(***))");
    }
}

//! Signatures: an HMAC that shows that we know a secret, without sending it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use crate::domain::hex::hex;
use crate::domain::step::{SignatureAlgorithm, SignatureEncoding};

/// The signature of a message.
pub fn signature(
    algorithm: SignatureAlgorithm,
    encoding: SignatureEncoding,
    secret: &str,
    message: &str,
) -> Option<String> {
    let (secret, message) = (secret.as_bytes(), message.as_bytes());
    let bytes = match algorithm {
        SignatureAlgorithm::Sha256 => digest::<Hmac<Sha256>>(secret, message)?,
        SignatureAlgorithm::Sha512 => digest::<Hmac<Sha512>>(secret, message)?,
    };
    Some(match encoding {
        SignatureEncoding::Base64 => STANDARD.encode(bytes),
        SignatureEncoding::Hex => hex(&bytes),
    })
}

/// `None` for a secret that the function can't take; an HMAC takes any.
fn digest<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let sign =
            |algorithm, encoding| signature(algorithm, encoding, "Jefe", "what do ya want for nothing?").unwrap();
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign(SignatureAlgorithm::Sha256, SignatureEncoding::Hex), hex);
        let base64 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        assert_eq!(sign(SignatureAlgorithm::Sha256, SignatureEncoding::Base64), base64);
        assert!(
            sign(SignatureAlgorithm::Sha512, SignatureEncoding::Hex).starts_with("164b7a7bfcf819e2e395fbe73b56e0a3")
        );
    }
}

//! A browser's session: a cookie that any daemon with the same token accepts, so nothing is kept on the server.
//!
//! The cookie says whose it is and until when, sealed with the token's digest. It says nothing of the token itself. A
//! token that is taken out of the settings or replaced ends all of its sessions.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::hex::hex;

/// The cookie's name on plain HTTP.
const PLAIN: &str = "windlass_session";

/// Its name on HTTPS: browsers take one of this kind only from this very host, and only over HTTPS.
const SECURE: &str = "__Host-windlass_session";

/// Days after which somebody has to sign in again.
pub(super) const DAYS: i64 = 14;

/// The cookie's name.
pub(super) const fn cookie(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The value of a cookie for that name and digest of a token.
pub(super) fn seal(name: &str, key: &[u8; 32], until: DateTime<Utc>) -> String {
    let said = format!("{name}:{}", until.timestamp());
    let mac = hex(&mac(key, &said).finalize().into_bytes());
    format!("{said}:{mac}")
}

/// Whose a cookie is, if it is good. `key` knows the digests of tokens by name.
pub(super) fn open(value: &str, now: DateTime<Utc>, key: impl FnOnce(&str) -> Option<[u8; 32]>) -> Option<&str> {
    let (said, shown) = value.rsplit_once(':')?;
    let (name, until) = said.split_once(':')?;
    let until = DateTime::from_timestamp(until.parse().ok()?, 0)?;
    let shown = unhex(shown)?;
    // Compared in a time that doesn't tell where the two differ.
    mac(&key(name)?, said).verify_slice(&shown).ok()?;
    (now < until).then_some(name)
}

fn mac(key: &[u8; 32], said: &str) -> Hmac<Sha256> {
    // As an HMAC fills up keys that are shorter than its block; so it takes this one without asking for its length.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"windlass session 1\0");
    mac.update(said.as_bytes());
    mac
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.len().is_multiple_of(2).then(|| text.as_bytes().chunks(2).map(digit).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_good_until_its_end_for_its_name_and_its_token() {
        let key = [7; 32];
        let (now, later) = (DateTime::from_timestamp(1000, 0).unwrap(), DateTime::from_timestamp(2000, 0).unwrap());
        let value = seal("alice", &key, later);
        let known = |name: &str| (name == "alice" || name == "bob").then_some(key);
        assert_eq!(open(&value, now, known), Some("alice"));
        assert_eq!(open(&value, later, known), None, "it has ended");
        assert_eq!(open(&value, now, |_| Some([8; 32])), None, "the token was replaced");
        assert_eq!(open(&value, now, |_| None), None, "nobody has that name any more");
        for forged in [value.replace("alice", "bob"), value.replace("2000", "3000"), format!("{value}0"), String::new()]
        {
            assert_eq!(open(&forged, now, known), None, "{forged}");
        }
    }
}
